#include "hub/known_registrations.hpp"

namespace regstream::hub {

namespace {

std::size_t bytes_of(const Registration& registration) {
  const RegistrationView& view = registration.view();
  std::size_t bytes = registration.recent_bytes() + view.status.size() + view.stage.size() +
                      view.message.size() + view.details.size() + view.process_log.size();
  for (const StageView& stage : view.stages) {
    bytes += stage.name.size() + stage.message.size();
  }
  return bytes;
}

}  // namespace

void KnownRegistrations::apply(const Update& update) {
  if (const auto known = by_id_.find(update.registration_id); known != by_id_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
  } else {
    entries_.push_front(Entry{Registration(update.registration_id), 0});
    by_id_.emplace(update.registration_id, entries_.begin());
  }
  Entry& entry = entries_.front();
  entry.registration.apply(update);
  bytes_ -= entry.bytes;
  entry.bytes = bytes_of(entry.registration);
  bytes_ += entry.bytes;

  while (by_id_.size() > limits_.count_max || (bytes_ > limits_.bytes_max && by_id_.size() > 1)) {
    bytes_ -= entries_.back().bytes;
    by_id_.erase(entries_.back().registration.view().registration_id);
    entries_.pop_back();
  }
}

void KnownRegistrations::clear() {
  by_id_.clear();
  entries_.clear();
  bytes_ = 0;
}

const RegistrationView* KnownRegistrations::find(std::int64_t registration_id) const {
  const auto known = by_id_.find(registration_id);
  return known == by_id_.end() ? nullptr : &known->second->registration.view();
}

}  // namespace regstream::hub
