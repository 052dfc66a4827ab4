#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/sse/parser.hpp>
#include <regstream/time.hpp>

namespace regstream::test {

/// The log (see parser_log.hpp) of `stream` by the standards' own steps, one after the other and
/// without regard to speed: "UTF-8 decode" of the whole, splitting into lines, interpreting each.
/// The standards know no limits: what is over one is skipped as parser.hpp says.
[[nodiscard]] std::string reference_log(std::string_view stream,
                                        const sse::ParserLimits& limits = {});

/// What one connection leaves to the next.
struct ReferenceState {
  std::string last_event_id;
  std::optional<Duration> retry;
};

/// The same for a stream that follows others, and leaves its own state in turn. The standard's
/// letter would begin with an empty "last event ID buffer", so that the first block would clear the
/// last event ID; as browsers do, the buffer begins with what is left.
[[nodiscard]] std::string reference_log(std::string_view stream, ReferenceState& state,
                                        const sse::ParserLimits& limits = {});

/// The Encoding standard's "UTF-8 decoder", byte by byte as it is written there.
[[nodiscard]] std::string reference_utf8(std::string_view bytes);

}  // namespace regstream::test
