#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/time.hpp>

/// The heartbeat: a comment that a server sends at a stream's start, and again whenever the stream
/// was quiet for an interval. It names the interval in milliseconds: `: heartbeat 10000`.
///
/// It keeps proxies from closing a quiet stream (WHATWG HTML, 9.2.7 "Authoring notes"), and it
/// shows a client that sees comments how long silence may last. To any other client it is an
/// ordinary comment.
namespace regstream::sse {

/// Proxies and load balancers close streams that are silent for minutes, so a longer interval is a
/// mistake.
inline constexpr Duration heartbeat_interval_max{3'600'000};

/// Appends the comment. `interval` must be from 1 ms to `heartbeat_interval_max`.
void append_heartbeat(std::string& out, Duration interval);

/// Returns the interval that a comment announces; `comment` is its text after the colon. Nothing if
/// it is another comment, or if its interval is not all digits or out of range.
[[nodiscard]] std::optional<Duration> parse_heartbeat(std::string_view comment);

}  // namespace regstream::sse
