#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/sse/parser.hpp>

/// What a parser made of a stream, as text that a test can spell out:
///
///     event message "hello" id ""
///     comment "ping"
///     retry 3000
///     skipped line_too_long 5000000 id "7"
///     left id "7" retry 3000
///
/// In it a backslash is `\\`, and what is hidden is \n, \r, \t, \0 or \xHH for each byte.
namespace regstream::test {

/// How many bytes at the beginning of `text` are a character that nobody sees in a file: a control
/// character, a line separator of others, the byte order mark. 0: none.
[[nodiscard]] std::size_t hidden_size(std::string_view text);

/// `text` in quotes and escapes. A quotation mark in it stands for itself.
[[nodiscard]] std::string in_quotes(std::string_view text);

[[nodiscard]] std::string event_line(std::string_view type, std::string_view data,
                                     std::string_view last_event_id);
[[nodiscard]] std::string comment_line(std::string_view text);
[[nodiscard]] std::string retry_line(Duration delay);
[[nodiscard]] std::string skipped_line(sse::SkipReason reason, std::uint64_t bytes,
                                       std::string_view last_event_id);
[[nodiscard]] std::string left_line(std::string_view last_event_id, std::optional<Duration> retry);

/// What arrives on one connection, and its log with the closing `left` line.
struct Connection {
  std::string stream;
  std::string log;
};

/// Feeds the chunks, each in memory of its own that is gone when the parser has asked for more, and
/// gives the log's lines.
[[nodiscard]] std::string log_of(sse::Parser& parser, const std::vector<std::string_view>& chunks);

/// The log of a fresh parser for `stream` in one piece, with the closing `left` line.
[[nodiscard]] std::string log_of(std::string_view stream, const sse::ParserLimits& limits = {});

/// Describes the first chunking of the connections (each in one piece, at every point in two, in
/// pieces of every size), made by one parser one after the other, that gives another log; empty if
/// there is none.
[[nodiscard]] std::string find_split_that_differs(const std::vector<Connection>& connections,
                                                  const sse::ParserLimits& limits = {},
                                                  std::string_view last_event_id = {});

/// The same for one connection.
[[nodiscard]] std::string find_split_that_differs(std::string_view stream,
                                                  std::string_view expected,
                                                  const sse::ParserLimits& limits = {});

}  // namespace regstream::test
