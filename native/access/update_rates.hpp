#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>

#include <regstream/time.hpp>

namespace regstream::access {

/// How many updates each token may publish in a second: a bucket that holds as many as a second
/// brings, and is full at first (the "generic cell rate algorithm": one time a token says all of
/// it). A large update counts as several. One that is more than the whole bucket passes when the
/// bucket is full, and the next ones wait until it is paid for. Sans-I/O.
class UpdateRates {
 public:
  /// Tokens that are remembered. A token whose bucket is full again is as one that is unknown, so
  /// forgetting it changes nothing. Where the buckets of more than this are not, the fullest is
  /// forgotten.
  static constexpr std::size_t tokens_max = 10'000;

  /// An update counts once for each of these that it has begun. A history of 10 000 updates and
  /// 64 MiB loses about as much by a publisher of small updates as by one of large ones.
  static constexpr std::size_t counted_bytes = 8U << 10U;

  /// 0: any number.
  explicit UpdateRates(std::size_t updates_per_second_max);

  /// One more update of the token, by its name (`Grant::token`). Nothing: it is counted. Otherwise
  /// it is one too many, for so long.
  [[nodiscard]] std::optional<Duration> refuse(const std::string& token, std::size_t bytes,
                                               Instant now);

 private:
  using Time = std::chrono::duration<std::int64_t, std::micro>;

  void make_room(Time now);

  Time cost_;                                        // Of one update. Zero: there is no limit.
  std::unordered_map<std::string, Time> full_from_;  // When each bucket is full again.
};

}  // namespace regstream::access
