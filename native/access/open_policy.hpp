#pragma once

#include "access/policy.hpp"

namespace regstream::access {

/// Everybody may do everything. What a request carries as credentials is not looked at: a client
/// that is made for a guarded gateway works at an open one, too.
class OpenPolicy final : public Policy {
 public:
  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  /// The ticket opens what needs none.
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return true; }
};

}  // namespace regstream::access
