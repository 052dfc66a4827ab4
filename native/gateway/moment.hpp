#pragma once

#include <chrono>

#include "hub/stream_pump.hpp"

namespace regstream::gateway {

/// Reads both of the system's clocks.
[[nodiscard]] inline hub::Moment moment() {
  using std::chrono::duration_cast, std::chrono::steady_clock, std::chrono::system_clock;
  return {
      .now = Instant(duration_cast<Duration>(steady_clock::now().time_since_epoch())),
      .timestamp_ms =
          duration_cast<std::chrono::milliseconds>(system_clock::now().time_since_epoch()).count()};
}

}  // namespace regstream::gateway
