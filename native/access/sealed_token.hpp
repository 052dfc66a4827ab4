#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/workflow/workflow.hpp>

#include "access/digest.hpp"

/// Tickets, and the tokens that they stand for.
///
/// A ticket is 128 random bits. Two values are derived from it by HMAC-SHA256 with the ticket as
/// the key: a name, under which the store keeps the sealed token; and a key, which encrypts the
/// token (AES-256-GCM). So a reader of the store learns no ticket and no token, and a writer can't
/// forge rights: a redeemed ticket is only as good as its token, which is verified again. Both
/// values depend on the workflow: a stream of another workflow finds nothing.
namespace regstream::access {

class TicketKeys {
 public:
  /// A new ticket.
  [[nodiscard]] static TicketKeys make(const Workflow& workflow, const RandomBytes& random);
  /// Reads a ticket that a client sent. Empty: it is malformed.
  [[nodiscard]] static std::optional<TicketKeys> parse(std::string_view ticket,
                                                       const Workflow& workflow);

  /// For the client: 22 characters of base64url.
  [[nodiscard]] const std::string& ticket() const { return ticket_; }
  /// For the store: 43 characters of base64url.
  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] std::string seal(std::string_view token) const;
  /// Empty: it was not sealed with this ticket.
  [[nodiscard]] std::optional<std::string> unseal(std::string_view sealed) const;

 private:
  TicketKeys(std::string_view bytes, const Workflow& workflow);

  std::string ticket_;
  std::string name_;
  std::string key_;
};

}  // namespace regstream::access
