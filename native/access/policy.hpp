#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <variant>

#include <boost/beast/http/status.hpp>

#include "access/grant.hpp"
#include "net/exchange.hpp"

namespace regstream::access {

/// Why a request's credentials don't count; what is answered (RFC 6750, 3).
struct Denial {
  boost::beast::http::status status = boost::beast::http::status::unauthorized;
  /// `invalid_request` (400), `invalid_token` (401), `insufficient_scope` (403); empty: the request
  /// has no credentials at all, and hears no error code.
  std::string_view error = {};
  std::string detail;  ///< For people: what was wrong. Nothing of the token.
};

/// By what credentials may come.
enum class Tickets : bool { no, yes };

/// Tells what whoever sent a request may do.
class Policy {
 public:
  using Decision = std::variant<GrantPtr, Denial>;
  using Handler = std::function<void(Decision)>;

  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// `decided` is called once, on the loop's thread: within this call, or later where the keys or
  /// the ticket have to be asked for elsewhere.
  virtual void authenticate(const net::Request& request, const net::Target& target, Tickets tickets,
                            Handler decided) = 0;

  /// Asks nobody who they are.
  [[nodiscard]] virtual bool is_open() const = 0;
};

}  // namespace regstream::access
