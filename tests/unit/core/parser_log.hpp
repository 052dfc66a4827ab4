#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/sse/parser.hpp>

/// What a parser made of a stream, as text that a test can spell out:
///
///     event message "hello" id ""
///     comment "ping"
///     retry 3000
///     error line_too_long
///     left id "7" retry 3000
namespace regstream::test {

/// `text` in quotes, with \n, \r, \0 for what would not show.
[[nodiscard]] std::string quoted(std::string_view text);

[[nodiscard]] std::string event_line(std::string_view type, std::string_view data,
                                     std::string_view last_event_id);
[[nodiscard]] std::string comment_line(std::string_view text);
[[nodiscard]] std::string retry_line(Duration delay);
[[nodiscard]] std::string left_line(std::string_view last_event_id, std::optional<Duration> retry);

/// Feeds the chunks, each in memory of its own that is gone when the parser has asked for more, and
/// gives the log's lines.
[[nodiscard]] std::string log_of(sse::Parser& parser, const std::vector<std::string_view>& chunks);

/// The log of a fresh parser for `stream` in one piece, with the closing `left` line.
[[nodiscard]] std::string log_of(std::string_view stream, const sse::ParserLimits& limits = {});

/// Describes the first chunking of `stream` (in one piece, at every point in two, in pieces of
/// every size) whose log is not `expected`; empty if there is none.
[[nodiscard]] std::string find_split_that_differs(std::string_view stream,
                                                  std::string_view expected,
                                                  const sse::ParserLimits& limits = {});

}  // namespace regstream::test
