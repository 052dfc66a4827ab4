#include "hub/hub.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <regstream/message/codec.hpp>

#include "hub/message_event.hpp"

// Pings and heartbeats, and the next deadline.
namespace regstream::hub {

std::optional<Instant> Hub::next_deadline() const {
  std::optional<Instant> next = next_beat();
  const std::optional<Instant> lease = leases_.next();
  if (lease && (!next || *lease < *next)) {
    next = lease;
  }
  if (!poll_ends_.empty() && (!next || poll_ends_.front().at < *next)) {
    next = poll_ends_.front().at;
  }
  return next && is_catch_up_wanted() ? std::min(*next, next_catch_up_) : next;
}

void Hub::handle_deadline(Instant now, std::int64_t now_timestamp_ms) {
  handle_leases(now, now_timestamp_ms);
  end_polls(now);
  Ping ping{now_timestamp_ms};
  while (const std::optional<Beats::Beat> due = beats_.poll(now)) {
    for (std::size_t slot = due->phase; slot < slots_.size(); slot += Beats::phases) {
      if (slots_[slot].used) {
        beat(static_cast<Slot>(slot), due->due, ping);
      }
    }
  }
}

void Hub::beat(Slot slot, Instant due, Ping& ping) {
  Subscription& subscription = slots_[slot];
  const bool was_silent = !std::exchange(subscription.was_sent, false);
  // At the next beat it would be too late.
  const bool is_ping_due = subscription.next_ping < due + beats_.period();
  if (is_ping_due) {
    subscription.next_ping = due + options_.ping_interval;
  }
  if (subscription.is_ending || subscription.outbox.bytes_waiting() >= options_.outbox_bytes_max) {
    return;  // It already has enough unread bytes.
  }
  if (is_ping_due && subscription.has_connected) {
    subscription.outbox.push(ping.frame());
  } else if (was_silent && subscription.outbox.empty()) {
    subscription.outbox.push(heartbeat_);
  } else {
    return;
  }
  mark_ready(slot);
}

const FramePtr& Hub::Ping::frame() {
  if (!frame_) {
    std::string bytes;
    append_message(bytes, encode_ping(now_timestamp_ms_));
    frame_ = make_frame(std::move(bytes));
  }
  return frame_;
}

std::optional<Instant> Hub::next_beat() const {
  return subscriptions_ == 0 ? std::nullopt : std::optional(beats_.next(slots_.size()));
}

}  // namespace regstream::hub
