#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "access/policy.hpp"
#include "net/exchange.hpp"

namespace regstream::access {

struct NoCredentials {};
/// A JWT from a field or a cookie, not yet checked.
struct SentToken {
  std::string text;
};
/// The value of `?ticket=`, not yet checked.
struct SentTicket {
  std::string text;
};

/// Finds a request's credentials: a token in `Authorization: Bearer` (RFC 6750, 2.1), a token in
/// the cookie of this name (empty: no cookie), or a ticket in the query if tickets are accepted.
/// Several of them, or one of them twice, are a 400: otherwise two servers might see two different
/// people.
///
/// Another scheme of `Authorization` is not ours: a proxy's Basic passes by. An empty cookie is a
/// deleted one. A token in the URL is refused, since URLs are kept in logs and histories (RFC 9700,
/// 4.3.2).
[[nodiscard]] std::variant<NoCredentials, SentToken, SentTicket, Denial> read_credentials(
    const net::Request& request, const net::Target& target, std::string_view cookie,
    bool takes_tickets);

}  // namespace regstream::access
