#pragma once

#include <algorithm>
#include <chrono>

/// Time in the core is a value that callers pass in. Nothing in the core reads a clock.
namespace regstream {

/// Tags the caller's monotonic time line. It has no `now()`, so code that reads a clock does not
/// compile.
struct Timeline {
  using duration = std::chrono::milliseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Timeline, duration>;
  static constexpr bool is_steady = true;
};

/// A span of time in milliseconds.
using Duration = Timeline::duration;

/// A point on the caller's monotonic time line. The caller chooses its origin; only differences
/// have a meaning. Calendar time (milliseconds since the Unix epoch) is a plain `std::int64_t`
/// whose name ends in `timestamp_ms`.
using Instant = Timeline::time_point;

/// Returns how long a timer has to wait for the deadline, or zero if it has passed. Works for any
/// deadline, where a plain difference would overflow; `Instant::min()` has always passed.
[[nodiscard]] constexpr Duration time_until(Instant deadline, Instant now) {
  return std::max(deadline, now) - now;
}

}  // namespace regstream
