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
/// it). Sans-I/O.
class UpdateRates {
 public:
  /// Tokens that are remembered. A token that has published nothing for a second has a full bucket,
  /// as an unknown one has, so forgetting it changes nothing. Where more than this publish within a
  /// second, the one whose bucket is fullest is forgotten.
  static constexpr std::size_t tokens_max = 10'000;

  /// 0: any number.
  explicit UpdateRates(std::size_t updates_per_second_max);

  /// One more update of the token, by its name (`Grant::token`). Nothing: it is counted. Otherwise
  /// it is one too many, for so long.
  [[nodiscard]] std::optional<Duration> refuse(const std::string& token, Instant now);

 private:
  using Time = std::chrono::duration<std::int64_t, std::micro>;

  void make_room(Time now);

  Time cost_;                                        // Of one update. Zero: there is no limit.
  std::unordered_map<std::string, Time> full_from_;  // When each bucket is full again.
};

}  // namespace regstream::access
