#include "access/open_policy.hpp"

#include <chrono>
#include <utility>

#include "net/forwarded.hpp"

namespace regstream::access {

std::optional<Denial> OpenPolicy::refuse(const net::Request& request) const {
  if (open_to_ == OpenTo::everybody || !net::is_forwarded_for_others(request)) {
    return std::nullopt;
  }
  return Denial{.status = boost::beast::http::status::misdirected_request,
                .detail =
                    "This gateway is open to its own machine only, and a proxy forwards a request "
                    "from another: start it with a key for tokens (--token-key), or with --open to "
                    "admit everyone."};
}

void OpenPolicy::authenticate(const net::Request& request, const net::Target& /*target*/,
                              const Workflow* /*ticketed*/, Handler decided) {
  if (auto denial = refuse(request)) {
    decided(*std::move(denial));
    return;
  }
  decided(open_grant());
}

void OpenPolicy::issue_ticket(const net::Request& request, const net::Target& /*target*/,
                              const Workflow& /*workflow*/, TicketHandler done) {
  if (auto denial = refuse(request)) {
    done(*std::move(denial));
    return;
  }
  done(Ticket{.text = "open", .lifetime = std::chrono::seconds{30}});
}

}  // namespace regstream::access
