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

/// A stream's place among those of its token; null where nobody counts.
using TokenPlace = net::Places<std::string>::Place;

/// What one token may have, of all workflows together; all tokens of one subject count as one.
/// Grants that no token names, those of an open gateway, have no limit. Streams open on any loop;
/// updates are published on the first one's thread.
class TokenLimits {
 public:
  /// Streams at a time, and updates a second; 0: any number.
  TokenLimits(std::size_t streams_max, std::size_t updates_per_second_max)
      : streams_(streams_max), updates_(updates_per_second_max) {}

  /// A place for one more stream. Nothing: the token has as many as it may have.
  [[nodiscard]] std::optional<TokenPlace> enter_stream(const Grant& grant);
  /// Whether one more update of so many bytes has to wait, and for how long. Nothing: it has been
  /// counted.
  [[nodiscard]] std::optional<Duration> refuse_update(const Grant& grant, std::size_t bytes,
                                                      Instant now);

  /// So far.
  [[nodiscard]] std::uint64_t streams_refused() const { return streams_refused_; }
  [[nodiscard]] std::uint64_t updates_refused() const { return updates_refused_; }

 private:
  net::Places<std::string> streams_;
  UpdateRates updates_;
  std::atomic<std::uint64_t> streams_refused_ = 0;
  std::uint64_t updates_refused_ = 0;
};

}  // namespace regstream::access
