#include "broker/round_trips.hpp"

#include <algorithm>
#include <utility>

namespace regstream::broker {

RoundTrips::Change RoundTrips::on_answer(std::chrono::microseconds took, Instant now) {
  if (!last_ || now - window_began_ >= window) {
    const bool is_next = last_ && now - window_began_ < 2 * window;
    longest_before_ = is_next ? longest_ : std::chrono::microseconds{};
    longest_ = {};
    window_began_ = now;
  }
  last_ = took;
  longest_ = std::max(longest_, took);
  if (took >= slow_min) {
    return std::exchange(is_slow_, true) ? Change::none : Change::slow;
  }
  if (took < in_time_max) {
    return std::exchange(is_slow_, false) ? Change::in_time : Change::none;
  }
  return Change::none;
}

std::chrono::microseconds RoundTrips::longest(Instant now) const {
  if (!last_ || now - window_began_ >= 2 * window) {
    return {};
  }
  return now - window_began_ >= window ? longest_ : std::max(longest_, longest_before_);
}

}  // namespace regstream::broker
