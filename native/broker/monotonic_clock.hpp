#pragma once

#include <chrono>

#include <regstream/time.hpp>

namespace regstream::broker {

/// The time of the system's monotonic clock. Shells pass it to the machines, which read no clock.
inline Instant monotonic_now() {
  return Instant{
      std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

}  // namespace regstream::broker
