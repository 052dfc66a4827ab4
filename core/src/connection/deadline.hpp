#pragma once

#include <algorithm>

#include <regstream/time.hpp>

namespace regstream {

/// The machine's time stops here, after 146 million years, so that `Instant::max()` never comes.
inline constexpr Instant end_of_time{Duration::max() / 2};

/// Returns `now + delay` without overflow; an option of `Duration::max()` means never.
[[nodiscard]] inline Instant after(Instant now, Duration delay) {
  const Duration from_origin = now.time_since_epoch();
  if (delay == Duration::max() ||
      (delay > Duration::zero() && from_origin > Duration::max() - delay)) {
    return Instant::max();
  }
  return now + std::max(delay, Duration::zero());
}

}  // namespace regstream
