#pragma once

#include <cstdint>
#include <optional>

#include "access/policy.hpp"

namespace regstream::access {

/// Whom an open gateway serves.
enum class OpenTo : std::uint8_t {
  everybody,
  /// Requests that a proxy forwards for another machine get a 421: a proxy must not make an open
  /// gateway on loopback public.
  this_machine,
};

/// Everyone may do everything. Credentials are ignored: so a client for a guarded gateway also
/// works with an open one.
class OpenPolicy final : public Policy {
 public:
  explicit OpenPolicy(OpenTo open_to = OpenTo::everybody) : open_to_(open_to) {}

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  /// Issues a ticket, which the open gateway ignores.
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return true; }

 private:
  [[nodiscard]] std::optional<Denial> refuse(const net::Request& request) const;

  OpenTo open_to_;
};

}  // namespace regstream::access
