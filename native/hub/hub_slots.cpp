#include "hub/hub.hpp"

// Where a subscription stands: its slot, its place among those who hear the same, and in the list
// of those who have something to collect.
namespace regstream::hub {

Hub::Slot Hub::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    free_slots_.reserve(slots_.capacity());  // So that leaving never fails.
    return static_cast<Slot>(slots_.size() - 1);
  }
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

std::vector<SubscriptionId> Hub::subscription_ids() const {
  std::vector<SubscriptionId> ids;
  ids.reserve(subscriptions_);
  for (Slot slot = 0; slot < slots_.size(); ++slot) {
    if (slots_[slot].used) {
      ids.push_back({.slot = slot, .generation = slots_[slot].generation});
    }
  }
  return ids;
}

// What may fail comes first: a slot that is ready is in the list.
void Hub::mark_ready(Slot slot) {
  if (!slots_[slot].ready) {
    ready_.push_back(slot);
    slots_[slot].ready = true;
  }
}

void Hub::leave_audience(Slot slot) {
  const Subscription& subscription = slots_[slot];
  const bool hears_all = subscription.registration_id == every_registration;
  Audience& audience =
      hears_all ? everyone_ : by_registration_.find(subscription.registration_id)->second;
  // The last one takes the place of the one that leaves.
  const Slot last = audience.back();
  audience[subscription.audience_index] = last;
  slots_[last].audience_index = subscription.audience_index;
  audience.pop_back();
  if (audience.empty() && !hears_all) {
    by_registration_.erase(subscription.registration_id);
  }
}

}  // namespace regstream::hub
