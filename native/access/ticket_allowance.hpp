#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include <regstream/time.hpp>

#include "access/access_limits.hpp"

namespace regstream::access {

/// How many tickets are given in one window of `ticket_lifetime`, to one token and to all: one
/// may not fill the store. Sans-I/O.
class TicketAllowance {
 public:
  explicit TicketAllowance(const AccessLimits& limits = access_limits) : limits_(limits) {}

  /// Another ticket for the token, by its name (`Grant::token`). Nothing: give it. Otherwise it is
  /// one too many until then.
  [[nodiscard]] std::optional<Duration> refuse(const std::string& token, Instant now);

  /// So far.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  AccessLimits limits_;
  Instant window_ends_ = Instant::min();
  std::unordered_map<std::string, std::size_t> of_tokens_;
  std::size_t issued_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace regstream::access
