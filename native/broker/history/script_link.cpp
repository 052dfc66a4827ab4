#include "broker/history/script_link.hpp"

#include <variant>

namespace regstream::broker {

ScriptLink::ScriptLink(const HistorySessionOptions& options, HistoryFollower& follower,
                       Readiness& readiness, std::deque<SessionAction>& happened, ScriptDuty duty)
    : follower_(follower),
      readiness_(readiness),
      happened_(happened),
      link_(options.timing, options.seed),
      line_(options.publishes, options.resend_max(), options.timing.backoff, options.seed),
      reading_(options.timing.backoff, options.seed + 1),
      adopting_(options.timing.backoff, options.seed + 2),
      publisher_name_(options.publisher_name),
      duty_(duty),
      replicas_(duty == ScriptDuty::publishing ? options.replicas : AwaitReplicas{}),
      may_move_(options.finder.topology != Topology::fixed) {}

void ScriptLink::publish(std::string message, std::string key, PublishHandler&& done,
                         Patience patience) {
  if (auto error = line_.push(std::move(message), std::move(key), done, patience)) {
    // A caller that does not wait reports the error itself.
    if (patience == Patience::waits) {
      happened_.emplace_back(PublishRejected{error->what});
    }
    happened_.emplace_back(PublishEnded{{}, std::move(*error)});  // First, since it may throw.
    std::get<PublishEnded>(happened_.back()).done = std::move(done);
  }
}

void ScriptLink::on_connected(Instant now) {
  if (!may_move_) {
    ask_durability_at_ = now;  // First, since calls of the script carry the answer.
  }
  is_script_wanted_ = true;
  ask_server_at_ = now;
  ask_deployments_at_ = now;
}

void ScriptLink::on_lost(Instant now) noexcept {
  leaving_.reset();
  server_.clear();
  ask_durability_at_.reset();
  ask_deployments_at_.reset();
  is_script_wanted_ = false;
  ask_server_at_.reset();
  unawaited_ = 0;
  awaited_.clear();
  withheld_.clear();
  line_.on_down(now);
  reading_.on_lost();
  adopting_.on_lost();
  if (reads()) {
    follower_.on_not_callable();
  }
}

void ScriptLink::say_lost(const RedisFailure& failure, Instant now) {
  if (!reads()) {
    happened_.emplace_back(RedisRefuses{failure});
    has_said_refused_ = true;
    readiness_.on_publishing_failed(public_reason(failure), now);
    return;
  }
  // A replica's refusal was already reported, and each retry would repeat it.
  if (!was_replica_ || failure.passing == nullptr) {
    happened_.emplace_back(RedisFailed{failure});
  }
  readiness_.on_reading_failed(public_reason(failure));
  readiness_.on_publishing_failed(public_reason(failure), now);
}

std::optional<RedisFailure> ScriptLink::poll_leaving() {
  return link_.due() == nullptr ? std::exchange(leaving_, std::nullopt) : std::nullopt;
}

// --- What is asked.

ScriptCall ScriptLink::make_call(ScriptMode&& mode) const {
  return {.mode = std::move(mode),
          .known = follower_.known(),
          .is_durable = is_durable_,
          .may_move = may_move_,
          .names_script = true};
}

bool ScriptLink::may_read(Instant now) const {
  return !leaving_ && reading_.may_call(now);
}

bool ScriptLink::may_adopt(Instant now) const {
  return !leaving_ && !line_.is_refusing() && adopting_.may_call(now);
}

ScriptCall ScriptLink::call(ScriptMode&& wanted) {
  (std::holds_alternative<ReadHistory>(wanted) ? reading_ : adopting_).on_called();
  return make_call(std::move(wanted));
}

PublishBatch ScriptLink::batch_call(const PublishQueue::Batch& batch) const {
  PublishBatch call{.publisher = publisher_name_,
                    .first = batch.first,
                    .is_first_in_line = batch.is_first_in_line,
                    .updates = {}};
  call.updates.reserve(batch.publishes.size());
  for (const PublishQueue::Publish& publish : batch.publishes) {
    call.updates.push_back({.message = publish.message, .key = publish.key});
  }
  return call;
}

/// A gateway must know whether it can publish before it has to. After a refusal, a probe finds out
/// when it is over, even with nothing to publish.
bool ScriptLink::is_probe_due(Instant now) const {
  const bool is_due = line_.is_refusing() || (probes_ && readiness_.is_probe_due(now));
  return is_due && line_.may_probe(now);
}

std::optional<HistoryCommand> ScriptLink::poll(Instant now) {
  if (!link_.is_up() || leaving_) {
    return std::nullopt;
  }
  if (ask_durability_at_ && now >= *ask_durability_at_) {
    ask_durability_at_.reset();
    return AskDurability{};
  }
  if (std::exchange(is_script_wanted_, false)) {
    return LoadScript{};
  }
  if (const auto* const batch = line_.next(now)) {
    unawaited_ += replicas_.count > 0 ? 1U : 0U;
    return make_call(batch_call(*batch));
  }
  if (unawaited_ > 0) {
    awaited_.push_back(std::exchange(unawaited_, 0));
    return replicas_;
  }
  if (line_.is_up() && is_probe_due(now)) {
    line_.on_probed();
    readiness_.on_probed(now);
    return make_call(ProbePublishing{});
  }
  if (probes_ && ask_server_at_ && now >= *ask_server_at_) {
    ask_server_at_ = now + server_interval;
    return AskServer{};
  }
  if (probes_ && ask_deployments_at_ && now >= *ask_deployments_at_) {
    ask_deployments_at_ = now + deployments_interval;
    return AskDeployments{};
  }
  return std::nullopt;
}

std::optional<Instant> ScriptLink::next_deadline(Instant since) const {
  std::optional<Instant> deadline;
  const auto consider = [since, &deadline](std::optional<Instant> candidate) {
    if (candidate && *candidate > since && (!deadline || *candidate < *deadline)) {
      deadline = candidate;
    }
  };
  consider(link_.next_deadline());
  if (line_.is_up()) {
    consider(line_.next_deadline());
    consider(reading_.next_deadline());
    consider(adopting_.next_deadline());
    if (probes_ && !line_.is_refusing()) {
      consider(readiness_.next_probe());
    }
    if (probes_) {
      consider(ask_server_at_);
      consider(ask_deployments_at_);
    }
  }
  return deadline;
}

// --- What is answered.

std::optional<RedisFailure> ScriptLink::on_reply(HistoryReply&& reply, Instant now) {
  const auto question = link_.on_reply();
  if (!question) {
    return std::nullopt;
  }
  switch (*question) {
    case Question::server:  // The shell handles the other replies, and errors.
      if (auto* const identity = std::get_if<ServerIdentity>(&reply);
          identity != nullptr && !identity->run_id.empty()) {
        server_ = std::move(identity->run_id);
      }
      return std::nullopt;
    case Question::deployments:
      return std::nullopt;
    case Question::durability:
      on_durability(std::get_if<Durability>(&reply), now);
      return std::nullopt;
    case Question::replicas:
      return on_replicas(std::move(reply), now);
    case Question::publish:
      if (replicas_.count > 0) {
        withheld_.push_back(std::move(reply));
        return std::nullopt;
      }
      break;
    default:
      break;
  }
  return settle(*question, std::move(reply), now);
}

std::optional<RedisFailure> ScriptLink::settle(Question question, HistoryReply&& reply,
                                               Instant now) {
  if (auto* const refused = std::get_if<Refused>(&reply)) {
    return on_refused(question, std::move(refused->failure), now);
  }
  return on_answer(question, std::move(reply), now);
}

/// WAIT was answered: the withheld answers count now, or the publishes are sent again.
std::optional<RedisFailure> ScriptLink::on_replicas(HistoryReply&& reply, Instant now) {
  if (auto* const refused = std::get_if<Refused>(&reply)) {
    return std::move(refused->failure);
  }
  const auto* const reached = std::get_if<ReplicasReached>(&reply);
  if (reached == nullptr || awaited_.empty() || withheld_.size() < awaited_.front()) {
    return mistyped_failure();
  }
  if (reached->count < replicas_.count) {
    replicas_.lengthen();
    return unreplicated_failure(reached->count, replicas_.count);
  }
  std::optional<RedisFailure> end;
  for (std::size_t left = awaited_.front(); left > 0 && !end; --left) {
    HistoryReply answer = std::move(withheld_.front());
    withheld_.pop_front();
    end = settle(Question::publish, std::move(answer), now);
  }
  awaited_.pop_front();
  if (!end && !line_.is_refusing() && std::exchange(has_said_refused_, false)) {
    happened_.emplace_back(RedisAccepts{line_.queue().waiting()});
  }
  return end;
}

std::optional<RedisFailure> ScriptLink::on_answer(Question question, HistoryReply&& reply,
                                                  Instant now) {
  auto* const page = std::get_if<HistoryPage>(&reply);
  auto* const published = std::get_if<Published>(&reply);
  const auto* const id = std::get_if<EventId>(&reply);
  const bool is_done = std::holds_alternative<Done>(reply);
  if (question == Question::script && is_done) {
    on_loaded();
  } else if (question == Question::page && page != nullptr) {
    on_page(std::move(*page));
  } else if (question == Question::publish && published != nullptr) {
    if (!on_published(std::move(*published), now)) {
      return mistyped_failure();
    }
  } else if (question == Question::publish && std::holds_alternative<OutOfOrder>(reply)) {
    line_.on_out_of_order();
  } else if (question == Question::probe && is_done) {
    on_write_accepted(line_.on_probe_accepted(), now);
  } else if (question == Question::adoption &&
             (id != nullptr || std::holds_alternative<CursorTooOld>(reply))) {
    adopting_.on_accepted();
    follower_.on_adopted(id == nullptr ? std::nullopt : std::optional{*id});
    on_write_accepted(false, now);
  } else if (question == Question::loss && id != nullptr) {
    adopting_.on_accepted();
    follower_.on_loss_recorded(*id);
    on_write_accepted(false, now);
  } else {
    return mistyped_failure();
  }
  return std::nullopt;
}

/// False: these are not answers to the batch that is due.
bool ScriptLink::on_published(Published&& published, Instant now) {
  if (published.results.size() != line_.queue().due()) {
    return false;
  }
  for (const PublishResult& result : published.results) {
    if (const auto* const id = std::get_if<EventId>(&result)) {
      follower_.learn(*id);
    } else {
      happened_.emplace_back(PublishRejected{std::get<PublishError>(result).what});
    }
  }
  const bool was_refusing = line_.on_accepted(std::move(published.results));
  line_.on_acknowledged();
  on_write_accepted(was_refusing, now);
  return true;
}

/// The connection stays, unless a new one may lead to a better server.
std::optional<RedisFailure> ScriptLink::on_refused(Question question, RedisFailure failure,
                                                   Instant now) {
  const bool is_final = failure.passing == nullptr;
  if (failure.kind == RedisFailureKind::flushed || question == Question::script) {
    return failure;  // All calls are repeated on the next connection, in order.
  }
  if (failure.kind == RedisFailureKind::not_redis) {
    return failure;  // The call may have been executed.
  }
  if (question == Question::publish && is_final) {
    happened_.emplace_back(PublishRejected{failure.what});
    readiness_.on_publish_doubted();
    line_.on_refused({failure.what});
    return std::nullopt;
  }
  happened_.emplace_back(RedisRefuses{failure});
  if (question == Question::page) {
    readiness_.on_reading_failed(public_reason(failure));
    reading_.on_refused(now);
    follower_.on_read_refused();
  } else {
    readiness_.on_publishing_failed(public_reason(failure), now);
    if (question == Question::publish) {
      line_.on_refused_in_passing(now);
    } else if (question == Question::probe) {
      line_.on_probe_refused(now);
    } else {
      adopting_.on_refused(now);
      if (!is_final) {
        line_.on_write_refused(now);
      }
      if (question == Question::loss) {
        follower_.on_loss_refused();
      } else {
        follower_.on_adoption_refused();
      }
    }
  }
  if (!is_final && failure.passing->needs_new_connection) {
    was_replica_ = true;
    leaving_ = std::move(failure);
  }
  return std::nullopt;
}

void ScriptLink::on_loaded() {
  waited_ = line_.queue().waiting();
  line_.on_up();
  if (reads()) {
    follower_.on_callable();
  }
}

/// An operator may change this at any time, and what Redis keeps must follow soon. A client without
/// the permission does not ask again, since Redis logs each refusal.
void ScriptLink::on_durability(const Durability* durability, Instant now) {
  const bool is_durable = durability != nullptr && durability->is_durable;
  const bool is_new = is_durable_.value_or(false) != is_durable;
  is_durable_ = is_durable;
  if (durability != nullptr) {
    ask_durability_at_ = now + Readiness::probe_interval;
  }
  // Only a gateway reads. A publisher's next call updates what is kept.
  if (is_new && probes_ && line_.is_up()) {
    follower_.catch_up();
  }
}

void ScriptLink::on_page(HistoryPage page) {
  if (reading_.on_accepted() && !line_.is_refusing()) {
    happened_.emplace_back(RedisAccepts{line_.queue().waiting()});
  }
  follower_.on_page(std::move(page));
}

/// `is_over`: writes were refused until now.
void ScriptLink::on_write_accepted(bool is_over, Instant now) {
  readiness_.on_published(now);
  if (is_over && !reading_.is_refusing()) {
    happened_.emplace_back(RedisAccepts{line_.queue().waiting()});
  }
  if (std::exchange(was_replica_, false)) {
    ask_server_at_ = now;  // Its earlier answers may be outdated.
    has_found_primary_ = true;
  }
}

}  // namespace regstream::broker
