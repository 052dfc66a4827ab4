#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <regstream/time.hpp>

namespace regstream::hub {

/// Counts delays by ranges that do not overlap.
class DelayHistogram {
 public:
  /// The inclusive upper bounds of the ranges. One more range counts everything above the last
  /// bound.
  static constexpr std::array<Duration, 12> bounds{
      Duration{1},     Duration{5},     Duration{10},    Duration{25},
      Duration{50},    Duration{100},   Duration{250},   Duration{500},
      Duration{1'000}, Duration{2'500}, Duration{5'000}, Duration{10'000}};

  /// A negative delay, which comes from two clocks that differ, counts as zero.
  void add(Duration delay) {
    delay = std::max(delay, Duration::zero());
    const auto* const range = std::lower_bound(bounds.begin(), bounds.end(), delay);
    ++counts_[static_cast<std::size_t>(range - bounds.begin())];
    sum_ += delay;
  }

  DelayHistogram& operator+=(const DelayHistogram& other) {
    for (std::size_t range = 0; range < counts_.size(); ++range) {
      counts_[range] += other.counts_[range];
    }
    sum_ += other.sum_;
    return *this;
  }

  [[nodiscard]] const std::array<std::uint64_t, bounds.size() + 1>& counts() const {
    return counts_;
  }
  [[nodiscard]] Duration sum() const { return sum_; }

 private:
  std::array<std::uint64_t, bounds.size() + 1> counts_{};
  Duration sum_{};
};

}  // namespace regstream::hub
