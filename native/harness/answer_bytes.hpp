#pragma once

#include <string>
#include <string_view>

#include "harness/scenario.hpp"

/// The bytes of an HTTP/1.1 response.
namespace regstream::harness {

/// Ends a chunked body.
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// Whether a status has a body: 204 and 304 have none (RFC 9110, 6.4.1).
[[nodiscard]] constexpr bool has_body(const Answer& answer) {
  return answer.status != 204 && answer.status != 304;
}

/// The status line and the fields: those of the answer, and defaults for missing ones. `is_stream`:
/// the body is an event stream of unknown length.
[[nodiscard]] std::string head_bytes(const Answer& answer, bool is_stream);

/// One chunk (RFC 9112, 7.1): the size in hexadecimal, and at least one byte.
[[nodiscard]] std::string as_chunk(std::string_view bytes);

}  // namespace regstream::harness
