#pragma once

#include <ctime>
#include <optional>
#include <string_view>

#include <regstream/time.hpp>

namespace regstream::client {

/// Whether a Content-Type names an event stream. Parameters and case do not matter.
[[nodiscard]] bool is_event_stream(std::string_view content_type);

/// How long a Retry-After asks to wait (RFC 9110, 10.2.3): seconds, or a date, which is compared
/// with `now`. A date that has passed means no wait. Nothing: it is neither.
[[nodiscard]] std::optional<Duration> parse_retry_after(std::string_view value, std::time_t now);

}  // namespace regstream::client
