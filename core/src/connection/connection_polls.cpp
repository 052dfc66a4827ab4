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
  return sees_ ? TransportKind::seeing : TransportKind::preferred;
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
    probe_due_ = after(begun_, options_.polls.probe_after);
  }
}

/// No event has come of the stream. What streams were found to do before needs no proof.
void Connection::probe() {
  probe_due_.reset();
  if (is_held_back_) {
    take(ConnectionEvent::held_back);
  } else {
    is_probe_due_ = true;
  }
}

bool Connection::on_news(AttemptId attempt) {
  if (!is_current(attempt) || state_ != ConnectionState::open) {
    return false;
  }
  has_news_ = true;
  probe_due_.reset();
  is_probe_due_ = false;
  if (kind_ != TransportKind::polling) {
    is_held_back_ = false;
    stream_retry_ = options_.polls.stream_retry_min;
  }
  return true;
}

bool Connection::on_probe_event(AttemptId attempt, Instant now) {
  observe(now);
  if (!is_current(attempt) || AttemptId{probed_} != attempt || has_news_) {
    return false;
  }
  is_held_back_ = true;
  plan_stream();
  return take(ConnectionEvent::held_back);
}

/// A server that waits in vain takes its time, and any other says `connected`: what ends sooner and
/// says nothing was no poll, and the next must not follow at once.
bool Connection::is_poll_over() const {
  return state_ == ConnectionState::open && kind_ == TransportKind::polling &&
         (has_news_ || now_ >= after(begun_, options_.polls.longest / 2));
}

}  // namespace regstream
