#include "hub/lease_table.hpp"

#include <algorithm>

namespace regstream::hub {

void LeaseTable::add(Slot slot, const Lease& lease) {
  order_.emplace(lease.warns_at, slot);
  try {
    entries_.emplace(slot, Entry{.lease = lease, .stage = LeaseStage::warn, .at = lease.warns_at});
  } catch (...) {
    order_.erase({lease.warns_at, slot});
    throw;
  }
}

void LeaseTable::remove(Slot slot) {
  if (const auto found = entries_.find(slot); found != entries_.end()) {
    order_.erase({found->second.at, slot});
    entries_.erase(found);
  }
}

std::optional<Instant> LeaseTable::next() const {
  return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
}

std::optional<LeaseTable::Due> LeaseTable::due(Instant now) const {
  if (order_.empty() || order_.begin()->first > now) {
    return std::nullopt;
  }
  const Slot slot = order_.begin()->second;
  const Entry& entry = entries_.at(slot);
  return Due{.slot = slot, .stage = entry.stage, .lease = entry.lease};
}

void LeaseTable::move_on(Slot slot, LeaseStage stage, Instant at) {
  const auto found = entries_.find(slot);
  if (found == entries_.end()) {
    return;
  }
  Entry& entry = found->second;
  auto place = order_.extract({entry.at, slot});  // No allocation, so this can't fail.
  place.value().first = at;
  order_.insert(std::move(place));
  entry.stage = stage;
  entry.at = at;
}

void LeaseTable::hold_warning(Slot slot) {
  if (const auto found = entries_.find(slot); found != entries_.end()) {
    move_on(slot, LeaseStage::warn, found->second.lease.ends_at);
  }
}

void LeaseTable::release_warning(Slot slot) {
  const auto found = entries_.find(slot);
  if (found != entries_.end() && found->second.stage == LeaseStage::warn) {
    move_on(slot, LeaseStage::warn, found->second.lease.warns_at);
  }
}

std::vector<LeaseTable::Slot> LeaseTable::slots_of(std::uint64_t key) const {
  std::vector<Slot> slots;
  for (const auto& [slot, entry] : entries_) {
    if (entry.lease.key == key && entry.stage != LeaseStage::cut) {
      slots.push_back(slot);
    }
  }
  std::sort(slots.begin(), slots.end());  // The same order everywhere.
  return slots;
}

}  // namespace regstream::hub
