#include <algorithm>
#include <string>
#include <utility>

#include <regstream/message/codec.hpp>

#include "hub/hub.hpp"
#include "hub/message_event.hpp"

// Streams that live as long as the token that opened them.
namespace regstream::hub {

void Hub::handle_leases(Instant now, std::int64_t now_timestamp_ms) {
  ExpiryWarning warning{now, now_timestamp_ms};
  while (const std::optional<LeaseTable::Due> due = leases_.due(now)) {
    if (due->stage == LeaseStage::cut) {
      cut(due->slot);
    } else if (now >= due->lease.ends_at) {
      counters_.expired += end_lease(due->slot, StreamEnd::token_expired, now) ? 1U : 0U;
    } else if (slots_[due->slot].has_connected) {
      warn(due->slot, due->lease, warning);
    } else {
      leases_.hold_warning(due->slot);  // Nothing is sent before `connected`.
    }
  }
}

std::size_t Hub::withdraw(std::uint64_t key, Instant now) {
  std::size_t ended = 0;
  for (const Slot slot : leases_.slots_of(key)) {
    ended += end_lease(slot, StreamEnd::key_withdrawn, now) ? 1U : 0U;
  }
  counters_.withdrawn += ended;
  return ended;
}

void Hub::warn(Slot slot, const Lease& lease, ExpiryWarning& warning) {
  Subscription& subscription = slots_[slot];
  if (!subscription.is_ending) {
    mark_ready(slot);
    subscription.outbox.push(warning.frame(lease.expires_at));
  }
  leases_.move_on(slot, LeaseStage::end, lease.ends_at);
}

// False: it had already ended, for example by its final update. What may fail comes first, so a
// stream that could not be ended is tried again.
bool Hub::end_lease(Slot slot, StreamEnd end, Instant now) {
  Subscription& subscription = slots_[slot];
  const bool is_news = !subscription.outbox.is_finished();
  mark_ready(slot);
  subscription.outbox.finish(end);
  subscription.following.skip_all();
  subscription.snapshots.reset();
  subscription.reset_due.reset();
  waiting_.erase(slot);
  leases_.move_on(slot, LeaseStage::cut, now + options_.peer_timeout());
  return is_news;
}

void Hub::cut(Slot slot) {
  mark_ready(slot);
  slots_[slot].outbox.drop();
  leases_.remove(slot);
  ++counters_.cut;
}

const FramePtr& Hub::ExpiryWarning::frame(Instant expires_at) {
  if (!frame_ || expires_at != expires_at_) {
    std::string bytes;
    append_message(bytes, encode_token_expiring(now_timestamp_ms_, time_until(expires_at, now_)));
    frame_ = make_frame(std::move(bytes));
    expires_at_ = expires_at;
  }
  return frame_;
}

}  // namespace regstream::hub
