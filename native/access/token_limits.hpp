#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <regstream/time.hpp>

#include "access/grant.hpp"
#include "access/update_rates.hpp"
#include "net/places.hpp"

namespace regstream::access {

/// A stream's place among those of its token. Null if they are not counted.
using TokenPlace = net::Places<std::string>::Place;

/// Limits per token, over all workflows. All tokens of one subject count as one. The grant of an
/// open gateway has no limits. Streams may open on any loop; updates are published on the first
/// loop's thread only.
class TokenLimits {
 public:
  /// Streams at a time, and updates per second. 0: no limit.
  TokenLimits(std::size_t streams_max, std::size_t updates_per_second_max)
      : streams_(streams_max), updates_(updates_per_second_max) {}

  /// A place for one more stream. Empty: the token has the maximum.
  [[nodiscard]] std::optional<TokenPlace> enter_stream(const Grant& grant);
  /// Counts one more update of `bytes` bytes. Empty: it is counted. Otherwise it must wait for this
  /// time.
  [[nodiscard]] std::optional<Duration> refuse_update(const Grant& grant, std::size_t bytes,
                                                      Instant now);

  /// Refusals so far.
  [[nodiscard]] std::uint64_t streams_refused() const { return streams_refused_; }
  [[nodiscard]] std::uint64_t updates_refused() const { return updates_refused_; }

 private:
  net::Places<std::string> streams_;
  UpdateRates updates_;
  std::atomic<std::uint64_t> streams_refused_ = 0;
  std::uint64_t updates_refused_ = 0;
};

}  // namespace regstream::access
