#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/workflow/workflow.hpp>

#include "access/digest.hpp"

/// Tickets, and the tokens that they stand for.
///
/// A ticket is 128 random bits. What is kept of it are two values of HMAC-SHA256 with the ticket as
/// the key: a name to find it by, and nothing else; the token is kept encrypted (AES-256-GCM) by
/// the other one. So whoever reads the store learns no ticket and no token, and whoever writes to
/// it can't make rights up: a ticket that is redeemed is as good as its token, which is verified
/// again. Both are of one workflow: another's stream finds nothing under the ticket.
namespace regstream::access {

class TicketKeys {
 public:
  /// A new ticket.
  [[nodiscard]] static TicketKeys make(const Workflow& workflow, const RandomBytes& random);
  /// A ticket that was sent. Nothing: it has another form.
  [[nodiscard]] static std::optional<TicketKeys> parse(std::string_view ticket,
                                                       const Workflow& workflow);

  /// For the client: 22 characters of base64url.
  [[nodiscard]] const std::string& ticket() const { return ticket_; }
  /// For the store: 43 characters of base64url.
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] std::string seal(std::string_view token) const;
  /// Nothing: it was not sealed by this ticket.
  [[nodiscard]] std::optional<std::string> unseal(std::string_view sealed) const;

 private:
  TicketKeys(std::string_view bytes, const Workflow& workflow);

  std::string ticket_;
  std::string name_;
  std::string key_;
};

}  // namespace regstream::access
