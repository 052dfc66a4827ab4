#pragma once

#include <chrono>

#include <regstream/time.hpp>

namespace regstream::broker {

/// The system's monotonic clock, for the machines, which read none.
inline Instant monotonic_now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

}  // namespace regstream::broker
