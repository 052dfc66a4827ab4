#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <regstream/message/codec.hpp>

namespace regstream::broker {

/// The longest message that can be published, in bytes. Its id is added to it, and subscribers
/// accept a megabyte (`CodecLimits::message_bytes_max`): nobody could receive a longer one.
inline constexpr std::size_t published_bytes_max = (std::size_t{1} << 20U) - 256;

/// What every subscriber accepts of a message that has no id yet. Writers check with these limits
/// and with the subscribers' own decoder: so no message is acknowledged that nobody can show.
inline constexpr CodecLimits published_limits{.message_bytes_max = published_bytes_max};

/// How many of a publisher's latest batches Redis recognizes (`batches_kept` of scripts/history).
inline constexpr std::size_t known_batches_max = 5;

/// Limits of what one process keeps for Redis.
struct PublishLimits {
  /// Some minutes of a busy bank's updates.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// One call carries at most this many of the waiting updates. Redis does nothing else while it
  /// handles a call: so many take it a millisecond or two (`npm run -w tests batch-time`). A larger
  /// update goes alone.
  std::size_t batch_updates_max = 128;
  std::size_t batch_bytes_max = 64U << 10U;
  /// Calls that were sent and not yet acknowledged: they keep the connection busy. At most
  /// `known_batches_max`.
  std::size_t batches_in_flight_max = known_batches_max;
  std::size_t message_bytes_max = published_bytes_max;
  /// A UUID, or a few words: keys stay in Redis for minutes.
  std::size_t key_bytes_max = 256;
};

/// Checks a publish against the limits. Returns an error text for the author of the program that
/// publishes, or an empty string. Everything that sends publishes calls this first.
[[nodiscard]] std::string size_problem(std::string_view message, std::string_view key,
                                       const PublishLimits& limits = {});

}  // namespace regstream::broker
