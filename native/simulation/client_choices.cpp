#include "simulation/client_choices.hpp"

#include <algorithm>
#include <string>

namespace regstream::simulation {
namespace {

constexpr Duration frame{16};
constexpr Duration change_min{50};
constexpr Duration change_max{20'000};
constexpr Duration return_min{3'000};
constexpr Duration return_max{40'000};

}  // namespace

ClientChoices::ClientChoices(std::uint64_t seed, std::size_t client, std::uint64_t registrations)
    : chance_(seed, "wishes of client " + std::to_string(client)), registrations_(registrations) {
  const std::size_t kind = chance_.index(8);
  if (kind == 0) {
    return;  // It follows all of them.
  }
  until_final_ = kind <= 3;
  changes_ids_ = !until_final_;
  ids_ = {static_cast<std::int64_t>(chance_.between(std::uint64_t{1}, registrations_))};
}

Duration ClientChoices::next_change() {
  return chance_.chance(400) ? chance_.between({}, frame) : chance_.between(change_min, change_max);
}

const std::vector<std::int64_t>& ClientChoices::change_ids() {
  const auto before = ids_;
  for (std::int64_t id = 1; id <= static_cast<std::int64_t>(registrations_); ++id) {
    const auto place = std::lower_bound(ids_.begin(), ids_.end(), id);
    if (!chance_.chance(300)) {
      continue;
    }
    if (place == ids_.end() || *place != id) {
      ids_.insert(place, id);
    } else {
      ids_.erase(place);
    }
  }
  if (ids_.empty()) {
    ids_ = before;
  }
  return ids_;
}

Duration ClientChoices::next_return() {
  return chance_.between(return_min, return_max);
}

Return ClientChoices::choose_return() {
  return static_cast<Return>(chance_.index(4));
}

}  // namespace regstream::simulation
