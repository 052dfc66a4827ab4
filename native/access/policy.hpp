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

/// Why a request's credentials are not accepted, or don't suffice, and the answer (RFC 6750, 3).
struct Denial {
  boost::beast::http::status status = boost::beast::http::status::unauthorized;
  /// `invalid_request` (400), `invalid_token` (401) or `insufficient_scope` (403). Empty: the
  /// request has no credentials, and RFC 6750 wants no error code then; or the fault is the
  /// gateway's (503).
  std::string_view error = {};
  std::string detail = {};  ///< For people: what was wrong. Quotes nothing of the token.
  /// Empty: the credentials are valid, but don't suffice, or were used too often.
  std::optional<DenialReason> reason = {};
  /// For 429 and 503: when a retry may help.
  std::optional<std::chrono::seconds> retry_after = {};
};

/// Opens one stream of one workflow, once.
struct Ticket {
  std::string text;  ///< For `?ticket=`. Needs no escaping.
  std::chrono::milliseconds lifetime;
};

/// Decides what the sender of a request may do. Used on the loop's thread only. Each handler is
/// called there once: during the call, or later if keys or tickets must be fetched first.
class Policy {
 public:
  using Decision = std::variant<GrantPtr, Denial>;
  using Handler = std::function<void(Decision)>;
  using TicketHandler = std::function<void(std::variant<Ticket, Denial>)>;

  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// `ticketed` is the workflow of the requested stream, whose tickets are accepted. Null: a ticket
  /// is a 400.
  virtual void authenticate(const net::Request& request, const net::Target& target,
                            const Workflow* ticketed, Handler decided) = 0;

  /// Authenticates a request for a ticket, which must carry a token, and issues one for streams of
  /// `workflow`. 403 if the token allows no subscription to it.
  virtual void issue_ticket(const net::Request& request, const net::Target& target,
                            const Workflow& workflow, TicketHandler done) = 0;

  /// Admits everyone without credentials.
  [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace regstream::access
