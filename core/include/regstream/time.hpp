#pragma once

#include <algorithm>
#include <chrono>

/// Time as the core knows it: a value that callers pass in. Nothing in the core reads a clock.
namespace regstream {

/// Tag of the caller's monotonic time line. It has no `now()`, so reading a clock does not compile.
struct Timeline {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Timeline, duration>;
  static constexpr bool is_steady = true;
};

/// A span of time in milliseconds.
using Duration = Timeline::duration;

/// A point on the caller's monotonic time line. Its origin is the caller's choice; only differences
/// have a meaning. Calendar time (milliseconds since the Unix epoch) is a plain `std::int64_t`
/// whose name ends in `timestamp_ms`.
using Instant = Timeline::time_point;

/// How long a timer has to wait for the deadline: nothing if it has come. Takes any deadline, where
/// a bare difference overflows: `Instant::min()` is one that has always come.
[[nodiscard]] constexpr Duration time_until(Instant deadline, Instant now) {
  return std::max(deadline, now) - now;
}

}  // namespace regstream
