#include "hub/hub.hpp"

// The numbers of ids, and the places of subscriptions: the slot, the place in an audience, and the
// list of those that have something to collect.
namespace regstream::hub {

Hub::Slot Hub::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    free_slots_.reserve(slots_.capacity());  // So that `unsubscribe` can't fail.
    return static_cast<Slot>(slots_.size() - 1);
  }
  const Slot slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

std::int64_t Hub::number_of(std::int64_t number, std::string_view text) {
  return options_.workflow->id_kind == IdKind::text ? ids_.number_of(text) : number;
}

// Called before a new id is looked up: a sweep after that would remove it again.
void Hub::sweep_ids() {
  if (ids_.is_sweep_due()) {
    ids_.sweep([this](std::int64_t number) {
      return journal_.has_any_of(number) || known_.find(number) != nullptr ||
             by_registration_.contains(number);
    });
  }
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

// What may fail comes first: a ready slot must be in the list.
void Hub::mark_ready(Slot slot) {
  if (!slots_[slot].ready) {
    ready_.push_back(slot);
    slots_[slot].ready = true;
    ++marked_;
  }
}

void Hub::join_audience(Slot slot, std::int64_t id) {
  Audience& audience = id == every_registration ? everyone_ : by_registration_[id];
  audience.push_back(slot);
  slots_[slot].following.place(id) = static_cast<std::uint32_t>(audience.size() - 1);
}

void Hub::leave_audiences(Slot slot) {
  Following& following = slots_[slot].following;
  following.for_each_id([&](std::int64_t id) {
    const bool hears_all = id == every_registration;
    const auto found = hears_all ? by_registration_.end() : by_registration_.find(id);
    if (!hears_all && found == by_registration_.end()) {
      return;  // Joining it failed for lack of memory.
    }
    Audience& audience = hears_all ? everyone_ : found->second;
    if (const std::uint32_t place = following.place(id); place != Following::nowhere) {
      // The last one moves to the free place.
      const Slot last = audience.back();
      audience[place] = last;
      slots_[last].following.place(id) = place;
      audience.pop_back();
    }
    if (!hears_all && audience.empty()) {
      by_registration_.erase(found);
    }
  });
}

}  // namespace regstream::hub
