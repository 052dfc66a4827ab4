#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "net/exchange.hpp"
#include "net/problem.hpp"

namespace regstream::net {

/// How long a request target may be (RFC 9112, 3): a hundred ids on one stream fit. More: 414.
constexpr std::size_t target_bytes_max = 6U << 10U;

/// How many header fields a request may have. Browsers and proxies together send thirty; a parsed
/// field takes twenty times the memory of an empty one's four bytes. More: 431.
constexpr std::size_t header_fields_max = 100;

/// What every request must satisfy, whatever it asks for. Called once, when the head has been read
/// and before anything of the body is. Returns the refusal; the connection closes after it, since
/// what follows on it can't be trusted to be a body, or a request.
[[nodiscard]] std::optional<Problem> check_request_head(const Request& head);

/// The refusal of lines of a request's head, as sent: a field line that goes on in the next one
/// (obs-fold; RFC 9112, 5.2). The parser unfolds it, other programs may read two fields. `lines`
/// end where a field or the head does, so that no fold is split.
[[nodiscard]] std::optional<Problem> check_field_lines(std::string_view lines);

/// Whether the client waits for "100 Continue" before it sends its body (RFC 9110, 10.1.1).
[[nodiscard]] bool expects_continue(const Request& head);

/// Whether `fields` are more than `header_fields_max`; the parser itself does not count them.
[[nodiscard]] bool has_too_many_fields(const Request::fields_type& fields);

}  // namespace regstream::net
