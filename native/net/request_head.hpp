#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "net/exchange.hpp"
#include "net/problem.hpp"

namespace regstream::net {

/// The longest request target (RFC 9112, 3). A hundred ids of one stream fit. Longer: 414.
constexpr std::size_t target_bytes_max = 6U << 10U;

/// How many header fields a request may have. Browsers and proxies together send about thirty. An
/// empty field of four bytes takes twenty times as much memory once parsed. More: 431.
constexpr std::size_t header_fields_max = 100;

/// Checks what every request must satisfy. Called once, when the head has been read and nothing of
/// the body. Returns the refusal, if any. The connection must close after it, because what follows
/// may be neither the body nor a request.
[[nodiscard]] std::optional<Problem> check_request_head(const Request& head);

/// Refuses a folded field line, which goes on in the next line (obs-fold; RFC 9112, 5.2). The
/// parser would unfold it, but other programs may read two fields. `lines` are lines of the head as
/// sent, and end where a field or the head ends, so that no fold is split.
[[nodiscard]] std::optional<Problem> check_field_lines(std::string_view lines);

/// Whether the client waits for "100 Continue" before it sends its body (RFC 9110, 10.1.1).
[[nodiscard]] bool expects_continue(const Request& head);

/// Whether there are more than `header_fields_max` fields; the parser itself doesn't count them.
[[nodiscard]] bool has_too_many_fields(const Request::fields_type& fields);

}  // namespace regstream::net
