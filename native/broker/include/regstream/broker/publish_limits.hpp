#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream::broker {

/// The most that a message may have when it is published. Its id is added to it, and subscribers
/// take in a megabyte (`CodecLimits::message_bytes_max`): what is longer would be nobody's to hear.
inline constexpr std::size_t published_bytes_max = (std::size_t{1} << 20U) - 256;

/// What every subscriber takes of a message that has no id yet. Writers check with these, and with
/// the subscribers' own decoder, so that nothing is acknowledged which nobody is shown.
inline constexpr CodecLimits published_limits{.message_bytes_max = published_bytes_max};

/// So many of a publisher's last batches Redis knows again (`batches_kept` of scripts/history).
inline constexpr std::size_t known_batches_max = 5;

/// What waits for Redis within one process.
struct PublishLimits {
  /// Some minutes of a busy bank's updates.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// Of what waits when one call is sent. Redis does nothing else meanwhile: so many it takes in
  /// within a millisecond or two (`npm run -w tests batch-time`). A larger update goes alone.
  std::size_t batch_updates_max = 128;
  std::size_t batch_bytes_max = 64U << 10U;
  /// Calls that were sent and not acknowledged: they keep the line busy. At most
  /// `known_batches_max`.
  std::size_t batches_in_flight_max = known_batches_max;
  std::size_t message_bytes_max = published_bytes_max;
  /// A UUID, or a few words: keys stay in Redis for minutes.
  std::size_t key_bytes_max = 256;
};

/// Why a publish is over the limits of one, for the author of its program; empty if it is not.
/// Whatever sends publishes asks this first.
[[nodiscard]] std::string size_problem(std::string_view message, std::string_view key,
                                       const PublishLimits& limits = {});

}  // namespace regstream::broker
