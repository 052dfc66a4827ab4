#include <regstream/connection/connection.hpp>

#include <algorithm>
#include <utility>

namespace regstream {
namespace {

/// What travels in a request header has to fit into one (servers bound theirs at 8 KiB).
constexpr std::size_t last_event_id_bytes_max = 4096;

/// A caller that polls after every input never has more than three actions queued.
constexpr std::size_t actions_max = 16;

/// An option of `Duration::max()` means never, and must not overflow.
Instant after(Instant now, Duration delay) {
  const Duration from_origin = now.time_since_epoch();
  if (delay > Duration::zero() && from_origin > Duration::max() - delay) {
    return Instant::max();
  }
  return now + std::max(delay, Duration::zero());
}

const ConnectionTransition* find_transition(ConnectionState from, ConnectionEvent event) {
  for (const ConnectionTransition& transition : connection_transitions) {
    if (transition.from == from && transition.event == event) {
      return &transition;
    }
  }
  return nullptr;
}

bool may_pass(std::uint16_t status) {
  return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

}  // namespace

Connection::Connection(const ConnectionOptions& options, std::uint64_t seed,
                       std::string_view last_event_id)
    : options_(options),
      backoff_(options.backoff, seed),
      reconnection_time_(bounded(options.reconnection_time)) {
  if (last_event_id.size() <= last_event_id_bytes_max) {
    last_event_id_ = last_event_id;
  }
}

void Connection::connect(Instant now) {
  take(ConnectionEvent::connect, now);
}

void Connection::close(Instant now) {
  take(ConnectionEvent::close, now);
}

void Connection::wake(Instant now) {
  // A machine that slept finds its deadline long past.
  handle_deadline(now);
  take(ConnectionEvent::wake, now);
}

void Connection::on_response(AttemptId attempt, const ResponseHead& head, Instant now) {
  if (!is_current(attempt) || state() != ConnectionState::connecting) {
    return;
  }
  take(classify(head), now, head.retry_after ? bounded(*head.retry_after) : reconnection_time_);
}

void Connection::on_activity(AttemptId attempt, Instant now) {
  if (!is_current(attempt)) {
    return;
  }
  if (auto* open = std::get_if<Open>(&state_)) {
    open->silent_at = after(now, options_.silence_limit);
  }
}

void Connection::on_event_id(AttemptId attempt, std::string_view last_event_id) {
  if (is_current(attempt) && last_event_id.size() <= last_event_id_bytes_max) {
    last_event_id_ = last_event_id;
  }
}

void Connection::on_retry(AttemptId attempt, Duration reconnection_time) {
  if (is_current(attempt)) {
    reconnection_time_ = bounded(reconnection_time);
  }
}

void Connection::on_end(AttemptId attempt, TransportEnd end, Instant now) {
  if (!is_current(attempt)) {
    return;
  }
  switch (end) {
    case TransportEnd::ended:
      take(ConnectionEvent::ended, now);
      return;
    case TransportEnd::failed:
      take(ConnectionEvent::network_failed, now);
      return;
    case TransportEnd::refused_unseen:
      if (state() == ConnectionState::open) {
        // It answered with a stream before, so this is no answer.
        take(ConnectionEvent::network_failed, now);
      } else {
        take(options_.policy == RetryPolicy::resilient ? ConnectionEvent::refused
                                                       : ConnectionEvent::refused_for_good,
             now);
      }
      return;
  }
}

std::optional<Instant> Connection::next_deadline() const {
  if (const auto* connecting = std::get_if<Connecting>(&state_)) {
    return connecting->gives_up_at;
  }
  if (const auto* open = std::get_if<Open>(&state_)) {
    return open->silent_at;
  }
  if (const auto* waiting = std::get_if<Waiting>(&state_)) {
    return waiting->until;
  }
  return std::nullopt;
}

void Connection::handle_deadline(Instant now) {
  const auto deadline = next_deadline();
  if (deadline && now >= *deadline) {
    take(ConnectionEvent::deadline, now);
  }
}

std::optional<ConnectionAction> Connection::poll() {
  if (actions_.empty()) {
    return std::nullopt;
  }
  ConnectionAction action = std::move(actions_.front());
  actions_.pop_front();
  return action;
}

ConnectionState Connection::state() const {
  // The order of the variant's alternatives is the order of the enumerators.
  return static_cast<ConnectionState>(state_.index());
}

std::optional<AttemptId> Connection::attempt() const {
  if (const auto* connecting = std::get_if<Connecting>(&state_)) {
    return connecting->attempt;
  }
  if (const auto* open = std::get_if<Open>(&state_)) {
    return open->attempt;
  }
  return std::nullopt;
}

bool Connection::is_current(AttemptId attempt) {
  if (this->attempt() == attempt) {
    return true;
  }
  ++stale_inputs_;
  return false;
}

ConnectionEvent Connection::classify(const ResponseHead& head) const {
  if (head.status == 204) {
    return ConnectionEvent::told_to_stop;
  }
  if (head.status == 200 && head.is_event_stream) {
    return ConnectionEvent::accepted;
  }
  if (options_.policy == RetryPolicy::resilient && may_pass(head.status)) {
    return ConnectionEvent::refused;
  }
  return ConnectionEvent::refused_for_good;
}

Duration Connection::bounded(Duration reconnection_time) const {
  const Duration most = std::max(options_.reconnection_time_max, Duration::zero());
  return std::clamp(reconnection_time, Duration::zero(), most);
}

void Connection::take(ConnectionEvent event, Instant now, Duration floor) {
  const ConnectionTransition* transition = find_transition(state(), event);
  if (transition == nullptr) {
    return;
  }
  leave(now);
  // An accepted attempt goes on; every other transition ends the one there is.
  if (const auto ended = attempt(); ended && transition->to != ConnectionState::open) {
    queue(CloseTransport{.attempt = *ended});
  }
  enter(transition->to, now, floor);
  reason_ = transition->reason;
  queue(StateChanged{.from = transition->from, .to = transition->to, .reason = transition->reason});
  if (const auto* connecting = std::get_if<Connecting>(&state_)) {
    queue(OpenTransport{.attempt = connecting->attempt, .last_event_id = last_event_id_});
  }
}

void Connection::leave(Instant now) {
  // Not done on opening: a server that accepts and drops at once would be called without backoff.
  const auto* open = std::get_if<Open>(&state_);
  if (open != nullptr && now >= after(open->since, options_.stable_after)) {
    backoff_.reset();
  }
}

void Connection::enter(ConnectionState state, Instant now, Duration floor) {
  switch (state) {
    case ConnectionState::idle:
      state_ = Idle{};
      return;
    case ConnectionState::connecting:
      state_ = Connecting{.attempt = AttemptId{++attempts_},
                          .gives_up_at = after(now, options_.connect_timeout)};
      return;
    case ConnectionState::open:
      state_ = Open{
          .attempt = *attempt(), .since = now, .silent_at = after(now, options_.silence_limit)};
      return;
    case ConnectionState::waiting:
      state_ = Waiting{.until = after(now, backoff_.next_delay(floor))};
      return;
    case ConnectionState::closed:
      state_ = Closed{};
      return;
  }
}

void Connection::queue(ConnectionAction action) {
  actions_.push_back(std::move(action));
  if (actions_.size() > actions_max) {
    forget_superseded_actions();
  }
}

/// For a caller that does not poll. What is left is at most: the close of an attempt that it
/// opened, one change of state from where it last looked to now, and the opening of the current
/// attempt.
void Connection::forget_superseded_actions() {
  std::optional<CloseTransport> close;
  std::optional<StateChanged> change;
  std::optional<OpenTransport> open;
  for (const ConnectionAction& action : actions_) {
    if (const auto* opening = std::get_if<OpenTransport>(&action)) {
      open = *opening;
    } else if (const auto* closing = std::get_if<CloseTransport>(&action)) {
      if (open && open->attempt == closing->attempt) {
        open.reset();  // Never opened, so there is nothing to close.
      } else {
        close = *closing;
      }
    } else if (const auto* changed = std::get_if<StateChanged>(&action)) {
      const ConnectionState from = change ? change->from : changed->from;
      change = StateChanged{.from = from, .to = changed->to, .reason = changed->reason};
    }
  }
  actions_.clear();
  if (close) {
    actions_.emplace_back(*close);
  }
  if (change) {
    actions_.emplace_back(*change);
  }
  if (open) {
    actions_.emplace_back(*std::move(open));
  }
}

}  // namespace regstream
