#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include <regstream/time.hpp>

#include "access/access_limits.hpp"

namespace regstream::access {

/// Limits the tickets issued within `ticket_lifetime`, per token and in total, so that nobody can
/// fill the store. Sans-I/O.
class TicketAllowance {
 public:
  explicit TicketAllowance(const AccessLimits& limits = access_limits) : limits_(limits) {}

  /// Asks for another ticket for a token, by its name (`Grant::token`). Empty: issue it. Otherwise
  /// it is one too many for this time.
  [[nodiscard]] std::optional<Duration> refuse(const std::string& token, Instant now);

  /// Tickets refused so far.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  AccessLimits limits_;
  Instant window_ends_ = Instant::min();
  std::unordered_map<std::string, std::size_t> of_tokens_;
  std::size_t issued_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace regstream::access
