#include "hub/hub.hpp"

// Streams that end as soon as they have an answer.
namespace regstream::hub {

void Hub::begin_poll(SubscriptionId id, Instant now) {
  // Polls that got their answer are gone already.
  while (!poll_ends_.empty() && find(poll_ends_.front().id) == nullptr) {
    poll_ends_.pop_front();
  }
  slots_[id.slot].is_poll = true;
  poll_ends_.push_back({.at = now + options_.poll_longest, .id = id});
}

// What enters the history from now on is for the next poll.
void Hub::end_polls(Instant now) {
  while (!poll_ends_.empty() && poll_ends_.front().at <= now) {
    const SubscriptionId id = poll_ends_.front().id;
    if (Subscription* const subscription = find(id)) {
      mark_ready(id.slot);
      subscription->outbox.finish(StreamEnd::polled);
      waiting_.erase(id.slot);
    }
    poll_ends_.pop_front();
  }
}

}  // namespace regstream::hub
