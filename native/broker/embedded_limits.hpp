#pragma once

#include <cstddef>
#include <cstdint>

#include <regstream/time.hpp>

namespace regstream::broker {

/// What the embedded broker keeps.
struct EmbeddedLimits {
  /// The journal's messages: what a restart reads, and tells again, before the first stream opens.
  /// The oldest goes first. A validation is about ten updates of some hundred bytes.
  std::uint64_t messages_max = 100'000;
  std::uint64_t bytes_max = 64U << 20U;  ///< Of the messages' text; the file is somewhat larger.
  /// Whoever was away for longer reloads the page anyway.
  Duration age_max{24 * 3'600'000};

  /// Idempotency keys: a publisher that was cut off tries again within minutes, or after its own
  /// restart.
  std::size_t keys_max = 100'000;
  Duration key_age_max{24 * 3'600'000};
  /// A key that has to go sooner is a warning in the log: Redis keeps them for as long.
  Duration key_age_min{600'000};
  std::size_t key_bytes_max = 256;  ///< Room for any UUID, with what its maker puts around it.

  /// What other threads may publish while the loop is busy: as much as a busy bank's minutes.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// What one turn of the loop takes of them, in one transaction; other workflows have theirs in
  /// between. One message more than these bytes at most.
  std::size_t turn_messages_max = 1'000;
  std::size_t turn_bytes_max = 1U << 20U;
  /// With its id; subscribers drop what exceeds it (`CodecLimits`).
  std::size_t message_bytes_max = 1U << 20U;
};

}  // namespace regstream::broker
