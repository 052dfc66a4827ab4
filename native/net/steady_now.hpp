#pragma once

#include <chrono>

#include <regstream/time.hpp>

namespace regstream::net {

/// The system's monotonic clock.
[[nodiscard]] inline Instant steady_now() {
  return Instant(
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

}  // namespace regstream::net
