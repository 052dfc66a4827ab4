#pragma once

#include <cstddef>
#include <cstdint>

#include <regstream/time.hpp>

namespace regstream::broker {

/// Limits of the embedded broker.
struct EmbeddedLimits {
  /// The journal's messages. A restart reads and delivers them before the first stream opens. The
  /// oldest are dropped first. A validation has about ten updates of some hundred bytes.
  std::uint64_t messages_max = 100'000;
  std::uint64_t bytes_max = 64U << 20U;  ///< For the messages' texts; the file is somewhat larger.
  /// A page that was away for longer reloads anyway.
  Duration age_max{24 * 3'600'000};

  /// Idempotency keys: a publisher that was cut off retries within minutes, or after its own
  /// restart.
  std::size_t keys_max = 100'000;
  Duration key_age_max{24 * 3'600'000};
  /// Forgetting a key sooner is a warning in the log. Redis keeps keys for this long.
  Duration key_age_min{600'000};
  std::size_t key_bytes_max = 256;  ///< Room for any UUID with a prefix or suffix.

  /// What other threads may publish while the loop is busy: as much as a busy bank publishes in
  /// minutes.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// What one turn of the loop handles, in one transaction; other workflows get turns in between.
  /// The bytes may be exceeded by one message.
  std::size_t turn_messages_max = 1'000;
  std::size_t turn_bytes_max = 1U << 20U;
  /// Including its id. Subscribers drop larger messages (`CodecLimits`).
  std::size_t message_bytes_max = 1U << 20U;
};

}  // namespace regstream::broker
