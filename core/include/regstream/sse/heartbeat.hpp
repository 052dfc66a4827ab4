#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/time.hpp>

/// The heartbeat: a comment that a server sends at a stream's start, and then whenever the stream
/// was quiet for an interval, which the comment names in milliseconds: `: heartbeat 10000`.
///
/// It keeps proxies from closing a quiet stream (WHATWG HTML, 9.2.7 "Authoring notes"), and tells a
/// client that sees comments how long silence may last. For everyone else it is a comment as any
/// other.
namespace regstream::sse {

/// Proxies and balancers close what is silent for minutes, so a longer interval is a mistake.
inline constexpr Duration heartbeat_interval_max{3'600'000};

/// `interval` must be from 1 ms to `heartbeat_interval_max`.
void append_heartbeat(std::string& out, Duration interval);

/// The interval that a comment announces; `comment` is its text behind the colon. Nothing if it is
/// another comment, or its interval is not in digits, or out of range: who sends that is not
/// believed.
[[nodiscard]] std::optional<Duration> parse_heartbeat(std::string_view comment);

}  // namespace regstream::sse
