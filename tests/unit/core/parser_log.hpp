#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/sse/parser.hpp>

/// What a parser made of a stream, as text that a test can contain:
///
///     event message "hello" id ""
///     comment "ping"
///     retry 3000
///     skipped line_too_long 5000000 id "7"
///     left id "7" retry 3000
///
/// A backslash is written `\\`, and invisible characters as \n, \r, \t, \0 or \xHH for each byte.
namespace regstream::test {

/// The length of the invisible character at the beginning of `text`: a control character, a Unicode
/// line separator or the byte order mark. 0: there is none.
[[nodiscard]] std::size_t hidden_size(std::string_view text);

/// `text` in quotes and with escapes. A quotation mark in it stays as it is.
[[nodiscard]] std::string in_quotes(std::string_view text);

[[nodiscard]] std::string event_line(std::string_view type, std::string_view data,
                                     std::string_view last_event_id);
[[nodiscard]] std::string comment_line(std::string_view text);
[[nodiscard]] std::string retry_line(Duration delay);
[[nodiscard]] std::string skipped_line(sse::SkipReason reason, std::uint64_t bytes,
                                       std::string_view last_event_id);
[[nodiscard]] std::string left_line(std::string_view last_event_id, std::optional<Duration> retry);

/// The bytes of one connection, and its log with the closing `left` line.
struct Connection {
  std::string stream;
  std::string log;
};

/// Feeds the chunks, each in its own memory, which is freed once the parser asks for more. Returns
/// the log's lines.
[[nodiscard]] std::string log_of(sse::Parser& parser, const std::vector<std::string_view>& chunks);

/// Returns the log of a new parser for `stream` in one piece, with the closing `left` line.
[[nodiscard]] std::string log_of(std::string_view stream, const sse::ParserLimits& limits = {});

/// Describes the first way to split the connections that changes the log; empty if there is none.
/// One parser reads the connections one after the other, each in one piece, in two at every point,
/// and in pieces of every size.
[[nodiscard]] std::string find_split_that_differs(const std::vector<Connection>& connections,
                                                  const sse::ParserLimits& limits = {},
                                                  std::string_view last_event_id = {});

/// The same for one connection.
[[nodiscard]] std::string find_split_that_differs(std::string_view stream,
                                                  std::string_view expected,
                                                  const sse::ParserLimits& limits = {});

}  // namespace regstream::test
