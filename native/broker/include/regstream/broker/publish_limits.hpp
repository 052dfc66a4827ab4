#pragma once

#include <cstddef>

namespace regstream::broker {

/// What waits for Redis within one process.
struct PublishLimits {
  /// Some minutes of a busy bank's updates.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// Sent and not acknowledged: keeps the line busy, and bounds what is sent again after a lost
  /// connection.
  std::size_t in_flight_max = 64;
  /// Both ways: subscribers drop what exceeds it (`CodecLimits`), so it is not sent either.
  std::size_t message_bytes_max = 1U << 20U;
  /// A UUID, or a few words: keys stay in Redis for minutes.
  std::size_t key_bytes_max = 256;
};

}  // namespace regstream::broker
