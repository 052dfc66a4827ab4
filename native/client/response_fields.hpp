#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include <regstream/time.hpp>

namespace regstream::client {

/// Whether a Content-Type is an event stream's. Parameters and case don't matter.
[[nodiscard]] bool is_event_stream(std::string_view content_type);

/// How many codings such a list names.
[[nodiscard]] std::size_t count_codings(std::string_view list);

/// The first coding in the list of a Content-Encoding or a Transfer-Encoding (RFC 9110, 5.6.1) that
/// is not `undone`, whatever its case. Nothing: there is none.
[[nodiscard]] std::optional<std::string_view> coding_other_than(std::string_view undone,
                                                                std::string_view list);

/// How long to wait by a Retry-After field (RFC 9110, 10.2.3): seconds, or a date, which is
/// compared with `now`. A past date means no wait. Nothing if it is neither.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view value, std::time_t now);

/// How long a response may be cached by its Cache-Control (RFC 9111, 5.2.2): max-age, or zero with
/// no-store or no-cache. Nothing if it doesn't say.
[[nodiscard]] std::optional<Duration> parse_max_age(std::string_view value);

}  // namespace regstream::client
