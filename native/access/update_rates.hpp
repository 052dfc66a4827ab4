#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include <regstream/time.hpp>

namespace regstream::access {

/// Limits the updates that each token may publish per second, by a token bucket: it holds one
/// second's updates, and is full at first. (It is implemented as the "generic cell rate algorithm",
/// with one time per token.) A large update counts as several. An update that costs more than the
/// whole bucket passes when the bucket is full, and later ones wait until it is paid for. Sans-I/O.
class UpdateRates {
 public:
  /// How many tokens are remembered. A token with a full bucket is like an unknown one, so
  /// forgetting it changes nothing. If more tokens than this have used some of their bucket, the
  /// fullest one is forgotten.
  static constexpr std::size_t tokens_max = 10'000;

  /// An update counts once for every 8 KiB, or part of that. A history of 10 000 updates and 64 MiB
  /// is then used up about equally by small and by large updates.
  static constexpr std::size_t counted_bytes = 8U << 10U;

  /// 0: no limit.
  explicit UpdateRates(std::size_t updates_per_second_max);

  /// Counts one more update of a token, by its name (`Grant::token`). Empty: it is counted.
  /// Otherwise it is one too many for this time.
  [[nodiscard]] std::optional<Duration> refuse(const std::string& token, std::size_t bytes,
                                               Instant now);

 private:
  using Time = std::chrono::duration<std::int64_t, std::micro>;

  void make_room(Time now);

  Time cost_;                                        // The cost of one update. Zero: no limit.
  std::unordered_map<std::string, Time> full_from_;  // When each bucket will be full again.
};

}  // namespace regstream::access
