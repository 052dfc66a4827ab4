#include <algorithm>

#include <regstream/connection/connection.hpp>

#include "connection/deadline.hpp"

/// By what an attempt reads the stream: what hides the answers, and what holds streams back.
namespace regstream {

/// Of the attempt that begins.
TransportKind Connection::next_kind() {
  if (is_held_back_ && now_ < stream_due_) {
    return TransportKind::polling;
  }
  if (is_held_back_) {
    plan_stream();
  }
  return wants_status_ ? TransportKind::seeing : TransportKind::preferred;
}

/// When a stream is tried again: ever more rarely.
void Connection::plan_stream() {
  const Duration most = options_.polls.stream_retry_max;
  stream_due_ = after(now_, stream_retry_);
  stream_retry_ = stream_retry_ > most / 2 ? most : stream_retry_ * 2;
}

/// What holds a poll's body back holds its head back, too.
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

/// No event has come of the stream. What streams were found to do before needs no proof.
void Connection::probe() {
  probe_due_.reset();
  if (is_held_back_) {
    transition(ConnectionEvent::held_back);
    return;
  }
  // A timer that goes off late (a hidden page's do) finds the attempt out of time: it gets some
  // more once, or nothing would be found out there. What is to be replaced as well has had its
  // time.
  if (state_ != ConnectionState::open && now_ >= deadline_) {
    if (change_due_) {
      return;
    }
    deadline_ = after(now_, options_.late_grace);
  }
  is_probe_pending_ = true;
}

/// The next poll. One that was answered at once and left the cursor where it was would be answered
/// likewise the next time (a snapshot that can't be read is asked for again, say): from the second
/// one on the distance doubles, up to how often polls wait in vain.
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

/// A server that waits in vain takes its time, and any other says `connected`: what ends sooner and
/// says nothing was no poll, and the next must not follow at once.
bool Connection::is_poll_over() const {
  return state_ == ConnectionState::open && kind_ == TransportKind::polling &&
         (has_event_ || now_ >= after(attempt_began_, options_.polls.longest / 2));
}

}  // namespace regstream
