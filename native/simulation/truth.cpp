#include "simulation/truth.hpp"

#include <algorithm>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>

#include "simulation/world.hpp"

namespace regstream::simulation {

void Truth::begin(std::uint64_t epoch) {
  if (!epochs_.empty() && epoch <= epochs_.rbegin()->first) {
    throw Violation("the epoch " + std::to_string(epoch) + " is not newer than the one before, " +
                    std::to_string(epochs_.rbegin()->first));
  }
  epochs_[epoch];
  end_ = {.epoch = epoch, .sequence = 0};
}

void Truth::append(EventId id, const std::string& text, const std::string& message,
                   bool is_adopted) {
  const auto found = epochs_.find(id.epoch);
  if (found == epochs_.end() || id.sequence != found->second.entries.size() + 1) {
    throw Violation("the entry " + to_string(id) + " does not follow on the one before");
  }
  Epoch& epoch = found->second;
  const auto [earlier, is_new] = epoch.origins.emplace(text, id.sequence);
  const bool is_forgotten = is_adopted && trimmed_.count(text) != 0;
  were_ids_given_twice_ |= id.sequence <= epoch.given;
  epoch.given = std::max(epoch.given, id.sequence);
  if (!is_new && !is_forgotten && !(is_adopted && were_ids_given_twice_)) {
    throw Violation("this message entered the history a second time, as " + to_string(id) + ": " +
                    text);
  }
  earlier->second = id.sequence;
  ++entered_[text];
  end_ = id;
  Entry entry{.text = text, .message = message};
  const auto update = decode_update_slices(message);
  if (const auto* const slices = std::get_if<UpdateSlices>(&update)) {
    entry.registration_id = slices->registration_id;
    epoch.sequences[entry.registration_id].push_back(id.sequence);
  }
  epoch.entries.push_back(std::move(entry));
}

void Truth::roll_back(EventId end) {
  end_ = end;
  for (auto epoch = epochs_.lower_bound(end.epoch); epoch != epochs_.end(); ++epoch) {
    epoch->second.was_rolled_back = true;
  }
  const auto found = epochs_.find(end.epoch);
  if (found == epochs_.end()) {
    return;
  }
  Epoch& epoch = found->second;
  epoch.entries.resize(std::min<std::size_t>(end.sequence, epoch.entries.size()));
  for (auto& [registration_id, sequences] : epoch.sequences) {
    while (!sequences.empty() && sequences.back() > end.sequence) {
      sequences.pop_back();
    }
  }
  for (auto origin = epoch.origins.begin(); origin != epoch.origins.end();) {
    origin = origin->second > end.sequence ? epoch.origins.erase(origin) : std::next(origin);
  }
}

void Truth::trim(EventId oldest) {
  Epoch& epoch = epochs_.at(oldest.epoch);
  for (; epoch.oldest < oldest.sequence; ++epoch.oldest) {
    trimmed_.insert(epoch.entries[epoch.oldest - 1].text);
  }
}

const Truth::Epoch* Truth::epoch(std::uint64_t epoch) const {
  const auto found = epochs_.find(epoch);
  return found == epochs_.end() ? nullptr : &found->second;
}

std::optional<EventId> Truth::between(EventId after, EventId before,
                                      std::optional<std::int64_t> registration_id) const {
  const Epoch* const found = epoch(after.epoch);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (registration_id) {
    const auto sequences = found->sequences.find(*registration_id);
    if (sequences == found->sequences.end()) {
      return std::nullopt;
    }
    const auto next =
        std::upper_bound(sequences->second.begin(), sequences->second.end(), after.sequence);
    if (next == sequences->second.end() || *next >= before.sequence) {
      return std::nullopt;
    }
    return EventId{.epoch = after.epoch, .sequence = *next};
  }
  for (std::uint64_t sequence = after.sequence + 1;
       sequence < before.sequence && sequence <= found->entries.size(); ++sequence) {
    if (found->entries[sequence - 1].registration_id != 0) {
      return EventId{.epoch = after.epoch, .sequence = sequence};
    }
  }
  return std::nullopt;
}

std::optional<RegistrationView> Truth::view(std::int64_t registration_id, EventId position) const {
  const Epoch* const found = epoch(position.epoch);
  const auto sequences = found == nullptr ? decltype(found->sequences.begin()){}
                                          : found->sequences.find(registration_id);
  if (found == nullptr || sequences == found->sequences.end() || sequences->second.empty() ||
      sequences->second.front() > position.sequence) {
    return std::nullopt;
  }
  Registration registration(registration_id);
  for (const std::uint64_t sequence : sequences->second) {
    if (sequence > position.sequence) {
      break;
    }
    registration.apply(std::get<Update>(decode_update(found->entries[sequence - 1].message)));
  }
  return registration.view();
}

}  // namespace regstream::simulation
