#pragma once

#include <algorithm>

#include <regstream/time.hpp>

namespace regstream {

/// Time stands still from here on, in 146 million years, so that `Instant::max()` never comes.
inline constexpr Instant end_of_time{Duration::max() / 2};

/// An option of `Duration::max()` means never, and must not overflow.
[[nodiscard]] inline Instant after(Instant now, Duration delay) {
  const Duration from_origin = now.time_since_epoch();
  if (delay == Duration::max() ||
      (delay > Duration::zero() && from_origin > Duration::max() - delay)) {
    return Instant::max();
  }
  return now + std::max(delay, Duration::zero());
}

}  // namespace regstream
