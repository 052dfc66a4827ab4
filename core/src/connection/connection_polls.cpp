#include <algorithm>

#include <regstream/connection/connection.hpp>

#include "connection/deadline.hpp"

/// Chooses the transport of an attempt: one that shows the status, or a poll where streams are held
/// back.
namespace regstream {

/// The kind of the attempt that begins.
TransportKind Connection::next_kind() {
  if (is_held_back_ && now_ < stream_due_) {
    return TransportKind::polling;
  }
  if (is_held_back_) {
    plan_stream();
  }
  return wants_status_ ? TransportKind::seeing : TransportKind::preferred;
}

/// Plans the next try of a stream. The delay doubles each time.
void Connection::plan_stream() {
  const Duration most = options_.polls.stream_retry_max;
  stream_due_ = after(now_, stream_retry_);
  stream_retry_ = stream_retry_ > most / 2 ? most : stream_retry_ * 2;
}

/// How long to wait for the response. For a poll this includes the time that the server may hold it
/// open, since whatever holds back its body holds back its head, too.
Duration Connection::answer_timeout() const {
  return kind_ == TransportKind::polling
             ? after(Instant{options_.connect_timeout}, options_.polls.longest).time_since_epoch()
             : options_.connect_timeout;
}

void Connection::plan_probe() {
  if (options_.polls.are_possible && kind_ != TransportKind::polling) {
    probe_due_ = after(attempt_began_, options_.polls.probe_after);
  }
}

/// The stream has delivered no event. If streams were found to be held back before, that needs no
/// second proof.
void Connection::probe() {
  probe_due_.reset();
  if (is_held_back_) {
    transition(ConnectionEvent::held_back);
    return;
  }
  // A late timer (a hidden page's) finds the attempt out of time. The attempt gets some more, once,
  // or the probe could not show anything. An attempt that is to be replaced anyway gets none.
  if (state_ != ConnectionState::open && now_ >= deadline_) {
    if (change_due_) {
      return;
    }
    deadline_ = after(now_, options_.late_grace);
  }
  is_probe_pending_ = true;
}

/// Plans the next poll. A poll that was answered at once and did not move the cursor would be
/// answered the same way again (the server sends an unreadable snapshot again, say). So from the
/// second such poll on the spacing doubles, up to the time that an idle poll takes.
void Connection::plan_poll() {
  const PollOptions& polls = options_.polls;
  const bool is_same_again = !has_new_event_id_ && now_ < after(attempt_began_, polls.longest / 2);
  if (!is_same_again) {
    poll_spacing_ = polls.spacing_min;
  }
  const Instant due = after(attempt_began_, poll_spacing_);
  poll_due_ = due > now_ ? std::optional(due) : std::nullopt;
  if (is_same_again) {
    const Duration most = std::max(polls.longest, polls.spacing_min);
    poll_spacing_ = poll_spacing_ > most / 2 ? most : poll_spacing_ * 2;
  }
}

bool Connection::on_event_arrived(AttemptId attempt) {
  if (!is_current(attempt) || state_ != ConnectionState::open) {
    return false;
  }
  has_event_ = true;
  probe_due_.reset();
  is_probe_pending_ = false;
  if (kind_ != TransportKind::polling) {
    is_held_back_ = false;
    stream_retry_ = options_.polls.stream_retry_min;
  }
  return true;
}

bool Connection::on_probe_event(AttemptId attempt, Instant now) {
  observe(now);
  if (!is_current(attempt) || AttemptId{probed_attempt_} != attempt || has_event_) {
    return false;
  }
  is_held_back_ = true;
  plan_stream();
  return transition(ConnectionEvent::held_back);
}

/// Whether the transport that ended was a successful poll. A server without news takes its time,
/// and any other sends `connected`. A poll that ends sooner, with no event, has failed, and the
/// next one must not follow at once.
bool Connection::is_poll_over() const {
  return state_ == ConnectionState::open && kind_ == TransportKind::polling &&
         (has_event_ || now_ >= after(attempt_began_, options_.polls.longest / 2));
}

}  // namespace regstream
