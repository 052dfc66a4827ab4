#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/sse/parser.hpp>
#include <regstream/time.hpp>

namespace regstream::test {

/// Returns the log (see parser_log.hpp) of `stream` by the standards' own steps, one after the
/// other and without regard to speed: "UTF-8 decode" of the whole, splitting into lines,
/// interpreting each line. The standards know no limits; an event over one is skipped as parser.hpp
/// says.
[[nodiscard]] std::string reference_log(std::string_view stream,
                                        const sse::ParserLimits& limits = {});

/// The state that one connection leaves to the next.
struct ReferenceState {
  std::string last_event_id;
  std::optional<Duration> retry;
};

/// The same for a stream after others, which leaves its own state in turn. By the letter of the
/// standard, the "last event ID buffer" would begin empty, so the first block would clear the last
/// event ID. Here, as in browsers, the buffer begins with the last event ID.
[[nodiscard]] std::string reference_log(std::string_view stream, ReferenceState& state,
                                        const sse::ParserLimits& limits = {});

/// The Encoding standard's "UTF-8 decoder", byte by byte as written there.
[[nodiscard]] std::string reference_utf8(std::string_view bytes);

}  // namespace regstream::test
