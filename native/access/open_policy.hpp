#pragma once

#include <cstdint>
#include <optional>

#include "access/policy.hpp"

namespace regstream::access {

/// Whom an open gateway serves.
enum class OpenTo : std::uint8_t {
  everybody,
  /// What a proxy has forwarded for another machine is a 421: an open gateway on loopback must not
  /// become public by a proxy beside it.
  this_machine,
};

/// Everybody may do everything. What a request carries as credentials is not looked at: a client
/// that is made for a guarded gateway works at an open one, too.
class OpenPolicy final : public Policy {
 public:
  explicit OpenPolicy(OpenTo open_to = OpenTo::everybody) : open_to_(open_to) {}

  void authenticate(const net::Request& request, const net::Target& target,
                    const Workflow* ticketed, Handler decided) override;
  /// The ticket opens what needs none.
  void issue_ticket(const net::Request& request, const net::Target& target,
                    const Workflow& workflow, TicketHandler done) override;
  [[nodiscard]] bool is_open() const override { return true; }

 private:
  [[nodiscard]] std::optional<Denial> refuse(const net::Request& request) const;

  OpenTo open_to_;
};

}  // namespace regstream::access
