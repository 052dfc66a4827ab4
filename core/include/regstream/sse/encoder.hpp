#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/time.hpp>

/// Server-sent events, the sending side (WHATWG HTML, 9.2.5 "Parsing an event stream": the
/// grammar).
namespace regstream::sse {

/// One event to send. An empty view leaves its field out, except for `data`, which is always
/// written: clients never dispatch an event without a data line.
struct OutgoingEvent {
  std::string_view data;  ///< LF, CR and CRLF in it become separate data lines.
  std::string_view type = {};
  std::string_view id = {};
  /// Written before and after `data`, as if they were part of it, so that a caller can wrap a text
  /// without copying it. A CRLF counts as one line end only within one of the three.
  std::string_view data_opening = {};
  std::string_view data_closing = {};
};

/// A caller's mistake: the field would break out of its line and inject another field.
enum class EncodeError : std::uint8_t {
  id_has_line_end_or_nul,
  type_has_line_end_or_nul,
};

/// Appends `event` and its blank line to `out`. On an error `out` is unchanged.
[[nodiscard]] std::optional<EncodeError> append_event(std::string& out, const OutgoingEvent& event);

/// Appends a `retry` field as a block of its own. `delay` must not be negative.
void append_retry(std::string& out, Duration delay);

/// Appends a comment; line ends in `text` begin further comment lines.
void append_comment(std::string& out, std::string_view text);

}  // namespace regstream::sse
