#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "access/policy.hpp"
#include "net/exchange.hpp"

namespace regstream::access {

struct NoCredentials {};
/// A JWT, from a field or a cookie; not looked at yet.
struct SentToken {
  std::string text;
};
/// As `?ticket=` has it; not looked at yet.
struct SentTicket {
  std::string text;
};

/// Finds what a request brings of: a token in `Authorization: Bearer` (RFC 6750, 2.1), a token in
/// the cookie of this name (empty: in none), and, where tickets count, a ticket in the query. More
/// than one of them is a 400, and so is one of them twice; then two servers could see two people.
///
/// Another scheme of `Authorization` is none of our credentials: a proxy's Basic passes by. An
/// empty cookie is one that was deleted. A token in the URL is refused, since URLs are kept in logs
/// and histories (RFC 9700, 4.3.2).
[[nodiscard]] std::variant<NoCredentials, SentToken, SentTicket, Denial> read_credentials(
    const net::Request& request, const net::Target& target, std::string_view cookie,
    bool takes_tickets);

}  // namespace regstream::access
