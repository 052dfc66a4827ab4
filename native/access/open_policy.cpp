#include "access/open_policy.hpp"

#include <chrono>

namespace regstream::access {

void OpenPolicy::authenticate(const net::Request& /*request*/, const net::Target& /*target*/,
                              const Workflow* /*ticketed*/, Handler decided) {
  decided(open_grant());
}

void OpenPolicy::issue_ticket(const net::Request& /*request*/, const net::Target& /*target*/,
                              const Workflow& /*workflow*/, TicketHandler done) {
  done(Ticket{.text = "open", .lifetime = std::chrono::seconds{30}});
}

}  // namespace regstream::access
