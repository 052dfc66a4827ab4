#include "access/guard.hpp"

#include <memory>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include "access/open_policy.hpp"
#include "net/problem.hpp"

namespace regstream::access {

namespace http = boost::beast::http;

namespace {

/// `text` as the value of `error_description` (RFC 6750, 3: no quotes, no backslashes, only ASCII).
std::string describe(std::string_view text) {
  std::string description;
  for (const char byte : text) {
    const bool is_allowed = byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
    description.push_back(is_allowed ? byte : '?');
  }
  return description;
}

std::string make_challenge(const Denial& denial) {
  std::string challenge = R"(Bearer realm="regstream")";
  if (!denial.error.empty()) {
    challenge.append(R"(, error=")").append(denial.error);
    challenge.append(R"(", error_description=")").append(describe(denial.detail)).append("\"");
  }
  return challenge;
}

/// Whether the status is about credentials. Others have no challenge.
bool is_challenged(http::status status) {
  return status == http::status::bad_request || status == http::status::unauthorized ||
         status == http::status::forbidden;
}

std::string ticket_json(const Ticket& ticket) {
  const nlohmann::ordered_json json{{"ticket", ticket.text},
                                    {"expiresInMs", ticket.lifetime.count()}};
  return json.dump();
}

/// Answers the request, and counts the denial.
void deny(net::Exchange& exchange, const Denial& denial, DenialCounts& counts) {
  if (denial.reason) {
    counts.add(*denial.reason);
  }
  exchange.respond(make_denial_answer(denial));
}

/// A request whose decision may come later. The request stays at the same address until then.
using Waiting = std::shared_ptr<net::Exchange>;

}  // namespace

net::Response make_denial_answer(const Denial& denial) {
  net::Response response =
      net::make_problem({.status = denial.status, .detail = denial.detail, .type = {}});
  if (is_challenged(denial.status)) {
    response.set(http::field::www_authenticate, make_challenge(denial));
  }
  if (denial.retry_after) {
    response.set(http::field::retry_after, std::to_string(denial.retry_after->count()));
  }
  return response;
}

void respond_beyond_rights(net::Exchange& exchange, std::string detail) {
  exchange.respond(make_denial_answer({.status = http::status::forbidden,
                                       .error = "insufficient_scope",
                                       .detail = std::move(detail)}));
}

net::Handler Guard::admit(Handler handler, const Workflow* ticketed) const {
  return [&policy = policy_, handler = std::make_shared<const Handler>(std::move(handler)),
          ticketed, denials = denials_](net::Exchange exchange) {
    const Waiting waiting = std::make_shared<net::Exchange>(std::move(exchange));
    policy.authenticate(waiting->request(), waiting->target(), ticketed,
                        [waiting, handler, denials](Policy::Decision decision) {
                          if (const auto* const denial = std::get_if<Denial>(&decision)) {
                            deny(*waiting, *denial, *denials);
                          } else {
                            (*handler)(std::move(*waiting),
                                       std::get<GrantPtr>(std::move(decision)));
                          }
                        });
  };
}

net::Handler Guard::admit_inspectors(net::Handler handler) const {
  return admit([handler = std::move(handler)](net::Exchange exchange, const GrantPtr& grant) {
    if (grant->inspect) {
      handler(std::move(exchange));
    } else {
      respond_beyond_rights(exchange, "This needs a token that may inspect.");
    }
  });
}

net::Handler Guard::give_tickets(const Workflow& workflow) const {
  return [&policy = policy_, &workflow, denials = denials_](net::Exchange exchange) {
    const Waiting waiting = std::make_shared<net::Exchange>(std::move(exchange));
    policy.issue_ticket(waiting->request(), waiting->target(), workflow,
                        [waiting, denials](const std::variant<Ticket, Denial>& issued) {
                          if (const auto* const denial = std::get_if<Denial>(&issued)) {
                            deny(*waiting, *denial, *denials);
                          } else {
                            waiting->respond_json(http::status::ok,
                                                  ticket_json(std::get<Ticket>(issued)));
                          }
                        });
  };
}

const Guard& open_guard() {
  static OpenPolicy policy;
  static const Guard guard(policy);
  return guard;
}

}  // namespace regstream::access
