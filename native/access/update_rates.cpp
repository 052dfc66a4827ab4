#include "access/update_rates.hpp"

#include <algorithm>
#include <cstdint>

namespace regstream::access {
namespace {

constexpr std::chrono::seconds bucket{1};

}  // namespace

UpdateRates::UpdateRates(std::size_t updates_per_second_max)
    : cost_(updates_per_second_max == 0
                ? Time::zero()
                : std::max(Time(bucket) / static_cast<std::int64_t>(updates_per_second_max),
                           Time(1))) {}

std::optional<Duration> UpdateRates::refuse(const std::string& token, std::size_t bytes,
                                            Instant now) {
  if (cost_ == Time::zero()) {
    return std::nullopt;
  }
  const Time time = now.time_since_epoch();
  auto found = full_from_.find(token);
  if (found == full_from_.end()) {
    make_room(time);
    found = full_from_.emplace(token, time).first;
  }
  const std::size_t count = std::max<std::size_t>((bytes + counted_bytes - 1) / counted_bytes, 1);
  const Time cost = cost_ * static_cast<std::int64_t>(count);
  const Time full_from = std::max(found->second, time);
  const Time needed = std::min(cost, Time(bucket));
  if (const Time excess = full_from + needed - time - bucket; excess > Time::zero()) {
    return std::max(std::chrono::ceil<Duration>(excess), Duration(1));
  }
  found->second = full_from + cost;
  return std::nullopt;
}

void UpdateRates::make_room(Time now) {
  if (full_from_.size() < tokens_max) {
    return;
  }
  for (auto entry = full_from_.begin(); entry != full_from_.end();) {
    entry = entry->second <= now ? full_from_.erase(entry) : std::next(entry);
  }
  if (full_from_.size() >= tokens_max) {
    full_from_.erase(std::min_element(
        full_from_.begin(), full_from_.end(),
        [](const auto& left, const auto& right) { return left.second < right.second; }));
  }
}

}  // namespace regstream::access
