#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include <regstream/time.hpp>

namespace regstream::broker {

/// Measures how long Redis takes to answer short calls, and decides when to log it. Sans-I/O.
class RoundTrips {
 public:
  /// Slow from here on: an update needs one or two round trips to reach a page, and people notice
  /// half a second. "In time" begins at half of that, so that a value near the limit is not logged
  /// again and again.
  static constexpr std::chrono::microseconds slow_min = std::chrono::milliseconds{250};
  static constexpr std::chrono::microseconds in_time_max = slow_min / 2;

  enum class Change : std::uint8_t { none, slow, in_time };
  [[nodiscard]] Change on_answer(std::chrono::microseconds took, Instant now);

  /// Empty: nothing was answered yet.
  [[nodiscard]] std::optional<std::chrono::microseconds> last() const { return last_; }
  /// The longest of the last one to two minutes.
  [[nodiscard]] std::chrono::microseconds longest(Instant now) const;

 private:
  static constexpr Duration window{60'000};

  std::optional<std::chrono::microseconds> last_;
  Instant window_began_ = Instant::min();
  std::chrono::microseconds longest_{};         // In the current window,
  std::chrono::microseconds longest_before_{};  // and in the one before.
  bool is_slow_ = false;
};

}  // namespace regstream::broker
