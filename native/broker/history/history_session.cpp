#include "broker/history/history_session.hpp"

#include <utility>
#include <variant>

namespace regstream::broker {
namespace {

template <typename Value>
std::optional<Value> pop(std::deque<Value>& values) {
  if (values.empty()) {
    return std::nullopt;
  }
  std::optional<Value> first{std::move(values.front())};
  values.pop_front();
  return first;
}

}  // namespace

HistorySession::HistorySession(const HistorySessionOptions& options)
    : follower_(options.follower, *options.workflow),
      finder_(options.finder, options.timing, options.seed),
      waits_for_replicas_(options.replicas.count > 0),
      script_(options, follower_, readiness_, happened_,
              waits_for_replicas_ ? ScriptDuty::reading : ScriptDuty::all),
      publishing_(options, follower_, readiness_, happened_, ScriptDuty::publishing),
      channel_(options, follower_, readiness_, happened_),
      waiter_(options.timing, options.seed + 1),
      interruption_pause_(options.timing.backoff.base) {
  finder_.open();
  script_.link().open();
  publisher().link().open();
}

Link& HistorySession::link(LinkRole role) {
  switch (role) {
    case LinkRole::caller:
      return script_.link();
    case LinkRole::listener:
      return channel_.link();
    case LinkRole::publisher:
      return publishing_.link();
    case LinkRole::finder:
      return finder_.link();
    case LinkRole::waiter:
      break;
  }
  return waiter_;
}

// --- What is wanted of the session.

void HistorySession::publish(std::string message, std::string key, PublishHandler&& done,
                             Patience patience) {
  publisher().publish(std::move(message), std::move(key), std::move(done), patience);
}

void HistorySession::follow() {
  follows_ = true;
  was_connected_ = false;
  script_.begin_probing();
  channel_.link().open();
  waiter_.open();
}

// --- What happens on the connections.

void HistorySession::on_connected(LinkRole role, Instant now) {
  if (role == LinkRole::finder) {
    finder_.on_connected(now);
  } else if (link(role).on_connected(now)) {
    if (finder_.may_move()) {
      introductions_.begin(role);
    } else {
      begin(role, now);
    }
  }
}

/// The connection leads to a server that can have the history.
void HistorySession::begin(LinkRole role, Instant now) {
  switch (role) {
    case LinkRole::caller:
      script_.on_connected(now);
      return;
    case LinkRole::listener:
      channel_.on_connected();
      return;
    case LinkRole::waiter:
      follower_.on_awaitable();
      return;
    case LinkRole::publisher:
      publishing_.on_connected(now);
      return;
    case LinkRole::finder:
      return;
  }
}

void HistorySession::on_lost(LinkRole role, const RedisFailure& failure, Instant now) {
  if (role == LinkRole::finder) {
    finder_.on_lost(failure, now);
    return;
  }
  if (!drop(role, now)) {
    return;
  }
  if (failure.kind != RedisFailureKind::renewed && failure.kind != RedisFailureKind::moved) {
    finder_.doubt(now);
  }
  switch (role) {
    case LinkRole::caller:
      script_.say_lost(failure, now);
      return;
    case LinkRole::listener:
      channel_.say_lost(failure);
      return;
    case LinkRole::waiter:
      happened_.emplace_back(NotAwaited{failure});
      return;
    case LinkRole::publisher:
      publishing_.say_lost(failure, now);
      return;
    case LinkRole::finder:
      return;
  }
}

/// False: there was no connection.
bool HistorySession::drop(LinkRole role, Instant now) noexcept {
  if (!link(role).on_lost(now)) {
    return false;
  }
  introductions_.end(role);
  switch (role) {
    case LinkRole::caller:
      script_.on_lost(now);
      break;
    case LinkRole::listener:
      channel_.on_lost();
      break;
    case LinkRole::waiter:
      is_awaiting_refused_ = true;
      follower_.on_not_awaitable();
      break;
    case LinkRole::publisher:
      publishing_.on_lost(now);
      break;
    case LinkRole::finder:
      break;
  }
  return true;
}

void HistorySession::on_interrupted(Instant now) noexcept {
  for (const LinkRole role : server_links) {
    drop(role, now);
  }
  finder_.on_interrupted(now);
  start_over_at_ = now + interruption_pause_;
}

/// If this also runs out of memory, that is another interruption.
void HistorySession::start_over(Instant now) {
  if (follows_) {
    follower_.start_over();
  }
  script_.say_lost({RedisFailureKind::lost,
                    "closed the connections to redis, since an error interrupted their work"},
                   now);
  start_over_at_.reset();
}

void HistorySession::give_up(LinkRole role, const RedisFailure& failure, Instant now) {
  happened_.emplace_back(GiveUp{role});
  on_lost(role, failure, now);
}

/// Does nothing without a connection: the next one is already on its way.
void HistorySession::renew(LinkRole role, Instant now) {
  if (link(role).is_up()) {
    give_up(role, {RedisFailureKind::renewed, {}}, now);
  }
}

void HistorySession::on_reply(LinkRole role, HistoryReply&& reply, Instant now) {
  if (role == LinkRole::finder) {
    finder_.on_reply(std::move(reply), now);
    return;
  }
  if (const Link::Due* const asked = due(role);
      asked != nullptr && asked->question == Question::identity) {
    on_identity(role, reply, now);
    return;
  }
  if (const auto* const refused = std::get_if<Refused>(&reply);
      refused != nullptr && refused->moved_to) {
    finder_.redirect(*refused->moved_to, now);
  }
  std::optional<RedisFailure> end;
  switch (role) {
    case LinkRole::caller:
      end = script_.on_reply(std::move(reply), now);
      break;
    case LinkRole::listener:
      end = channel_.on_reply(std::move(reply), now);
      break;
    case LinkRole::waiter:
      end = on_awaited(std::move(reply));
      break;
    case LinkRole::publisher:
      end = publishing_.on_reply(std::move(reply), now);
      break;
    case LinkRole::finder:
      break;
  }
  if (end) {
    give_up(role, *end, now);
  }
  if (script_.take_primary_found()) {
    // The channel and the entries must come from the server that accepts writes.
    renew(LinkRole::listener, now);
    renew(LinkRole::waiter, now);
  }
  stay_together(now);
}

std::optional<RedisFailure> HistorySession::on_awaited(HistoryReply&& reply) {
  if (!waiter_.on_reply()) {
    return std::nullopt;
  }
  if (auto* const refused = std::get_if<Refused>(&reply)) {
    return std::move(refused->failure);
  }
  auto* const awaited = std::get_if<AwaitedEntries>(&reply);
  if (awaited == nullptr) {
    return mistyped_failure();
  }
  if (std::exchange(is_awaiting_refused_, false)) {
    happened_.emplace_back(AwaitedAgain{});
  }
  follower_.on_awaited(std::move(awaited->entries));
  return std::nullopt;
}

// --- What is to be done.

SessionAction HistorySession::call(LinkRole role, HistoryCommand command) {
  const bool is_timed = link(role).ask(command);
  return Call{.link = role, .command = std::move(command), .is_timed = is_timed};
}

std::optional<SessionAction> HistorySession::poll(Instant now) {
  if (start_over_at_) {
    start_over(now);
  }
  auto action = pop(happened_);
  if (!action) {
    action = poll_finder(now);
  }
  if (!action) {
    action = pop(happened_);  // The finder may have added more.
  }
  if (!action) {
    action = poll_links(now);
  }
  if (!action) {
    action = poll_follower(now);
  }
  if (!action) {
    action = poll_fact();
  }
  // Last, since a handler may destroy the session's owner.
  return action ? std::move(action) : poll_ended();
}

std::optional<SessionAction> HistorySession::poll_links(Instant now) {
  if (!finder_.primary()) {
    return std::nullopt;
  }
  for (const LinkRole role : server_links) {
    if (link(role).poll_connect(now)) {
      return Connect{.link = role, .address = *finder_.primary()};
    }
  }
  if (const auto role = introductions_.poll()) {
    return call(*role, AskIdentity{});
  }
  if (const auto reason = script_.poll_leaving()) {
    give_up(LinkRole::caller, *reason, now);
    return pop(happened_);
  }
  if (const auto reason = publishing_.poll_leaving()) {
    give_up(LinkRole::publisher, *reason, now);
    return pop(happened_);
  }
  if (auto command = script_.poll(now)) {
    return call(LinkRole::caller, std::move(*command));
  }
  if (auto command = publishing_.poll(now)) {
    return call(LinkRole::publisher, std::move(*command));
  }
  if (auto command = channel_.poll(now)) {
    return call(LinkRole::listener, std::move(*command));
  }
  return std::nullopt;
}

/// Performs the follower's actions until one is for the shell.
std::optional<SessionAction> HistorySession::poll_follower(Instant now) {
  struct Act {
    HistorySession& session;
    Instant now;

    std::optional<SessionAction> operator()(BeginHistory begin) const { return begin; }
    std::optional<SessionAction> operator()(DeliverMessage& delivery) const {
      return std::move(delivery);
    }
    std::optional<SessionAction> operator()(GoLive live) const { return live; }
    std::optional<SessionAction> operator()(CaughtUp caught_up) const { return caught_up; }
    std::optional<SessionAction> operator()(AwaitHistory await) const {
      return session.call(LinkRole::waiter, await);
    }
    std::optional<SessionAction> operator()(ProbeChannel probe) const {
      return session.call(LinkRole::listener, probe);
    }
    std::optional<SessionAction> operator()(LeaveChannel /*leave*/) const {
      session.renew(LinkRole::listener, now);
      return pop(session.happened_);
    }
    std::optional<SessionAction> operator()(ReadHistory read) const { return ask(read); }
    std::optional<SessionAction> operator()(Adopt& adopt) const { return ask(std::move(adopt)); }
    std::optional<SessionAction> operator()(RecordLoss loss) const { return ask(loss); }

    [[nodiscard]] SessionAction ask(ScriptMode&& mode) const {
      return session.call(LinkRole::caller, session.script_.call(std::move(mode)));
    }
  };
  follower_.permit(script_.may_read(now), script_.may_adopt(now));
  while (auto action = follower_.poll()) {
    if (auto wanted = std::visit(Act{*this, now}, *action)) {
      return wanted;
    }
  }
  if (const auto pauses = channel_.poll_pause()) {
    return PauseChannel{*pauses};
  }
  return std::nullopt;
}

std::optional<SessionAction> HistorySession::poll_fact() {
  const DroppedCounts& counts = follower_.counts();
  if (const auto refusal = follower_.take_refusal()) {
    return MessageRefused{*refusal};
  }
  if (std::exchange(forged_, counts.forged) != counts.forged) {
    return MessageForged{counts.forged, follower_.dropped_registration()};
  }
  if (std::exchange(overflowing_, counts.overflowing) != counts.overflowing) {
    return ChannelOverflowed{counts.overflowing};
  }
  if (is_connected()) {
    readiness_.on_read();
  }
  if (std::exchange(was_connected_, is_connected()) != is_connected() && was_connected_) {
    return RedisFollowed{publisher().take_waited()};
  }
  return std::nullopt;
}

std::optional<SessionAction> HistorySession::poll_ended() {
  if (auto ended = publisher().poll_ended()) {
    unknown_ += ended->is_unknown ? 1U : 0U;
    return PublishEnded{std::move(ended->done), std::move(ended->result)};
  }
  if (unknown_ > 0) {
    return PublishesUnknown{std::exchange(unknown_, 0)};
  }
  return std::nullopt;
}

std::optional<Instant> HistorySession::next_deadline() const {
  std::optional<Instant> deadline = script_.next_deadline(handled_at_);
  const auto waiting = finder_.primary() ? waiter_.next_deadline() : std::nullopt;
  for (const auto candidate :
       {channel_.next_deadline(handled_at_), publishing_.next_deadline(handled_at_), waiting,
        finder_.next_deadline(), start_over_at_}) {
    if (candidate && (!deadline || *candidate < *deadline)) {
      deadline = candidate;
    }
  }
  return deadline;
}

}  // namespace regstream::broker
