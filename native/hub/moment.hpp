#pragma once

#include <cstdint>

#include <regstream/time.hpp>

namespace regstream::hub {

/// One reading of both clocks.
struct Moment {
  Instant now;
  std::int64_t timestamp_ms = 0;
};

}  // namespace regstream::hub
