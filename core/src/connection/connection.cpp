#include <regstream/connection/connection.hpp>

#include <algorithm>

#include "connection/deadline.hpp"

namespace regstream {
namespace {

/// Browsers let a hidden page's timers fire once a second. A timer that is later than that means
/// that the process slept.
constexpr Duration late_after{1'000};

const ConnectionTransition* find_transition(ConnectionState from, ConnectionEvent event) {
  for (const ConnectionTransition& transition : connection_transitions) {
    if (transition.from == from && transition.event == event) {
      return &transition;
    }
  }
  return nullptr;
}

}  // namespace

Connection::Connection(const ConnectionOptions& options, std::uint64_t seed,
                       std::string_view last_event_id)
    : options_(options),
      backoff_(options.backoff, seed),
      reconnection_time_(bounded(options.reconnection_time)),
      change_delay_(std::max(options.change_delay, Duration::zero())),
      poll_spacing_(options.polls.spacing_min),
      stream_retry_(options.polls.stream_retry_min) {
  if (last_event_id.size() <= last_event_id_bytes_max) {
    last_event_id_ = last_event_id;
  }
}

bool Connection::connect(Instant now) {
  observe(now);
  return transition(ConnectionEvent::connect);
}

bool Connection::restart(Instant now) {
  observe(now);
  return transition(ConnectionEvent::restart);
}

bool Connection::close(Instant now) {
  observe(now);
  return transition(ConnectionEvent::close);
}

void Connection::change(Instant now) {
  observe(now);
  // If the caller has not opened this attempt's transport yet, its request will ask for the new
  // state.
  if (change_due_ || !has_transport() || opened_attempt_ != attempt_) {
    return;
  }
  const Duration delay_min = std::max(options_.change_delay, Duration::zero());
  const Duration delay_max = std::max(options_.wake_spacing_min, delay_min);
  if (now_ >= after(attempt_began_, delay_max)) {
    change_delay_ = delay_min;
  }
  change_due_ = after(now_, change_delay_);
  change_delay_ = change_delay_ > delay_max / 2 ? delay_max : change_delay_ * 2;
}

bool Connection::on_token(AttemptId attempt, Instant now) {
  observe(now);
  if (!is_current(attempt) ||
      !transition(awaits_renewal_ ? ConnectionEvent::renewed : ConnectionEvent::token_given)) {
    return false;
  }
  needs_fresh_token_ = false;
  return true;
}

bool Connection::on_token_failed(AttemptId attempt, TokenFailure failure, Instant now) {
  observe(now);
  if (!is_current(attempt) || (state_ == ConnectionState::open && !awaits_renewal_)) {
    return false;
  }
  if (awaits_renewal_ && failure == TokenFailure::may_pass) {
    plan_renewal();
    return true;
  }
  return transition(failure == TokenFailure::may_pass ? ConnectionEvent::token_unavailable
                                                      : ConnectionEvent::token_denied);
}

bool Connection::on_response(AttemptId attempt, const ResponseHead& head, Instant now) {
  observe(now);
  if (!is_current(attempt)) {
    return false;
  }
  if (state_ == ConnectionState::open) {
    // The stream had its answer already. This one refuses the ticket that was to renew the stream.
    if (!awaits_renewal_) {
      return false;
    }
    plan_renewal(head.retry_after);
    return true;
  }
  const ConnectionEvent event = classify(head);
  if (!transition(event, head.retry_after)) {
    return false;
  }
  if (event == ConnectionEvent::accepted) {
    is_offline_ = false;
    was_unauthorized_ = false;
  } else if (event == ConnectionEvent::token_refused) {
    needs_fresh_token_ = true;
    was_unauthorized_ = true;
  }
  return true;
}

bool Connection::on_event_id(AttemptId attempt, std::string_view last_event_id) {
  if (!is_current(attempt) || last_event_id.size() > last_event_id_bytes_max) {
    return false;
  }
  has_new_event_id_ |= last_event_id_ != last_event_id;
  last_event_id_ = last_event_id;
  return true;
}

bool Connection::on_retry(AttemptId attempt, Duration reconnection_time) {
  if (!is_current(attempt)) {
    return false;
  }
  reconnection_time_ = bounded(reconnection_time);
  return true;
}

bool Connection::on_finished(AttemptId attempt) {
  return is_current(attempt) && transition(ConnectionEvent::finished);
}

bool Connection::on_end(AttemptId attempt, TransportEnd end, Instant now) {
  observe(now);
  if (!is_current(attempt) || !has_transport()) {
    return false;
  }
  if (end == TransportEnd::ended) {
    return transition(is_poll_over() ? ConnectionEvent::polled : ConnectionEvent::ended);
  }
  // An open stream had its answer already, so this is not an answer.
  if (end == TransportEnd::failed || state_ == ConnectionState::open) {
    return transition(ConnectionEvent::network_failed);
  }
  if (options_.policy == RetryPolicy::standard) {
    return transition(ConnectionEvent::refused_for_good);
  }
  wants_status_ = options_.can_see;
  return transition(ConnectionEvent::refused);
}

std::optional<Instant> Connection::next_deadline() const {
  if (state_ == ConnectionState::idle || state_ == ConnectionState::closed) {
    return std::nullopt;
  }
  return std::min({change_due_.value_or(deadline_), renewal_due_.value_or(deadline_),
                   poll_due_.value_or(deadline_), probe_due_.value_or(deadline_), deadline_});
}

void Connection::handle_deadline(Instant now) {
  observe(now);
  const auto deadline = next_deadline();
  if (!deadline || now_ < *deadline) {
    return;
  }
  // An attempt that is out of time is given up, not replaced: its replacement would be out of time
  // too.
  if (change_due_ && now_ >= *change_due_ &&
      (state_ == ConnectionState::open || now_ < deadline_)) {
    transition(ConnectionEvent::changed);
    return;
  }
  if (poll_due_ && now_ >= *poll_due_) {
    poll_due_.reset();
    begin_attempt(true);
    return;
  }
  if (probe_due_ && now_ >= *probe_due_) {
    probe();
  }
  if (renewal_due_ && now_ >= *renewal_due_) {
    begin_renewal();
  }
  if (now_ < deadline_) {
    return;
  }
  if (state_ == ConnectionState::open && !used_grace_ && now_ > after(deadline_, late_after)) {
    used_grace_ = true;
    deadline_ = after(now_, options_.late_grace);
    return;
  }
  transition(ConnectionEvent::deadline);
}

void Connection::observe(Instant now) {
  now_ = std::max(now_, std::min(now, end_of_time));
}

bool Connection::is_current(AttemptId attempt) const {
  return (state_ == ConnectionState::authorizing || has_transport()) &&
         AttemptId{attempt_} == attempt;
}

bool Connection::has_transport() const {
  return state_ == ConnectionState::connecting || state_ == ConnectionState::open;
}

Duration Connection::bounded(Duration reconnection_time) const {
  const Duration most = std::max(options_.reconnection_time_max, Duration::zero());
  return std::clamp(reconnection_time, Duration::zero(), most);
}

/// A stream that is being replaced counts as connected until the replacement fails.
bool Connection::is_connected_after(ConnectionEvent event) const {
  const bool keeps = event == ConnectionEvent::changed || event == ConnectionEvent::renewed ||
                     event == ConnectionEvent::token_given ||
                     event == ConnectionEvent::token_refused ||
                     event == ConnectionEvent::held_back || event == ConnectionEvent::polled;
  return keeps ? is_connected_ : event == ConnectionEvent::accepted;
}

bool Connection::transition(ConnectionEvent event, std::optional<Duration> retry_after) {
  const ConnectionTransition* row = find_transition(state_, event);
  if (row == nullptr) {
    return false;
  }
  // Not when the stream opens: a server that accepts and drops at once would be called without
  // backoff.
  if (state_ == ConnectionState::open && now_ >= after(opened_, options_.stable_after)) {
    backoff_.reset();
  }
  state_ = row->to == ConnectionState::authorizing && !options_.needs_token
               ? ConnectionState::connecting
               : row->to;
  reason_ = row->reason;
  is_connected_ = is_connected_after(event);
  // For a wait, `offline` only adds a reason: the wait goes on.
  if (event != ConnectionEvent::offline) {
    enter(*row, retry_after);
  }
  // Consecutive polls are one connection to the caller.
  const bool is_next_poll = kind_ == TransportKind::polling &&
                            event != ConnectionEvent::held_back && is_connected_ &&
                            reported_state_ == ConnectionState::open;
  if (!is_next_poll) {
    queue_change(
        {.from = reported_state_, .to = state_, .reason = reason_, .is_connected = is_connected_});
    reported_state_ = state_;
  }
  return true;
}

/// The time by which the new attempt has to be open. If it replaces an attempt that had not opened,
/// it inherits that one's deadline. Otherwise a caller with endless changes would never hear of a
/// dead server.
Instant Connection::opening_deadline() const {
  const Instant answered = after(attempt_began_, answer_timeout());
  return options_.needs_token ? after(answered, options_.connect_timeout) : answered;
}

/// Begins the attempt now, or when the next poll is due.
void Connection::begin_attempt(bool has_own_opening_deadline) {
  attempt_began_ = poll_due_.value_or(now_);
  if (has_own_opening_deadline) {
    opening_deadline_ = opening_deadline();
  }
  const bool is_opening = state_ == ConnectionState::connecting;
  const Duration limit = is_opening ? answer_timeout() : options_.connect_timeout;
  deadline_ = std::min(after(attempt_began_, limit), opening_deadline_);
  is_attempt_pending_ = !poll_due_;
  if (is_opening) {
    plan_probe();
  }
}

void Connection::enter(const ConnectionTransition& row, std::optional<Duration> retry_after) {
  token_expires_.reset();
  renewal_due_.reset();
  awaits_renewal_ = false;
  is_renewal_pending_ = false;
  poll_due_.reset();
  if (state_ != ConnectionState::open) {
    probe_due_.reset();
    is_probe_pending_ = false;
  }
  switch (state_) {
    case ConnectionState::authorizing:
    case ConnectionState::connecting:
      if (row.event == ConnectionEvent::token_given) {
        return begin_attempt(false);
      }
      ++attempt_;
      change_due_.reset();
      kind_ = next_kind();
      if (row.event == ConnectionEvent::polled) {
        plan_poll();
      }
      has_event_ = false;
      has_new_event_id_ = false;
      return begin_attempt(row.from != ConnectionState::connecting ||
                           row.event != ConnectionEvent::changed);
    case ConnectionState::open:
      opened_ = now_;
      begin_listening();
      return;
    case ConnectionState::waiting: {
      const Duration floor = retry_after ? bounded(*retry_after) : reconnection_time_;
      deadline_ = after(now_, backoff_.next_delay(floor));
      if (is_offline_) {
        deadline_ = std::max(deadline_, after(now_, options_.offline_probe_interval));
      }
      earliest_wake_ =
          after(attempt_began_, std::max(reconnection_time_, options_.wake_spacing_min));
      if (retry_after) {
        earliest_wake_ = std::max(earliest_wake_, after(now_, floor));
      }
      is_attempt_pending_ = false;
      change_due_.reset();
      wants_status_ = wants_status_ && row.event == ConnectionEvent::refused;
      return;
    }
    case ConnectionState::idle:
    case ConnectionState::closed:
      is_attempt_pending_ = false;
      change_due_.reset();
      return;
  }
}

}  // namespace regstream
