#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/beast/http/status.hpp>

#include "access/denial_reason.hpp"
#include "access/grant.hpp"
#include "net/exchange.hpp"

namespace regstream::access {

/// Why a request's credentials don't count, or don't suffice; what is answered (RFC 6750, 3).
struct Denial {
  boost::beast::http::status status = boost::beast::http::status::unauthorized;
  /// `invalid_request` (400), `invalid_token` (401), `insufficient_scope` (403). Empty: the request
  /// has no credentials at all, and hears no error code; or the fault is not the request's (503).
  std::string_view error = {};
  std::string detail = {};  ///< For people: what was wrong. Nothing of the token.
  /// Nothing: they count, and don't suffice, or have been used too often.
  std::optional<DenialReason> reason = {};
  /// Of a 429 or 503: when asking again may help.
  std::optional<std::chrono::seconds> retry_after = {};
};

/// Opens one stream of one workflow, once.
struct Ticket {
  std::string text;  ///< For `?ticket=`; needs no escaping there.
  std::chrono::milliseconds lifetime;
};

/// Tells what whoever sent a request may do. On the loop's thread only, as all its handlers are:
/// each is called once, within the call or later, where keys or tickets have to be asked for
/// elsewhere.
class Policy {
 public:
  using Decision = std::variant<GrantPtr, Denial>;
  using Handler = std::function<void(Decision)>;
  using TicketHandler = std::function<void(std::variant<Ticket, Denial>)>;

  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// `ticketed` is the workflow whose tickets count: that of the stream which is asked for. Null:
  /// none do, and a ticket is a 400.
  virtual void authenticate(const net::Request& request, const net::Target& target,
                            const Workflow* ticketed, Handler decided) = 0;

  /// Authenticates a request for a ticket, by a token alone, and gives one for streams of
  /// `workflow`; 403 if the token allows to subscribe to nothing of it.
  virtual void issue_ticket(const net::Request& request, const net::Target& target,
                            const Workflow& workflow, TicketHandler done) = 0;

  /// Asks nobody who they are.
  [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace regstream::access
