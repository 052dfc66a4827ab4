#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/sse/parser.hpp>

#include "check.hpp"
#include "core/parser_log.hpp"
#include "core/reference_parser.hpp"
#include "input.hpp"

// The event stream's parser. The input's bytes: the sizes of three chunks, which take turns;
// whether the limits are small ("1") and then which; the stream.

namespace regstream::fuzz {
namespace {

using ChunkSizes = std::array<std::size_t, 3>;

std::vector<std::string_view> chunks_of(std::string_view stream, const ChunkSizes& sizes) {
  std::vector<std::string_view> chunks;
  for (std::size_t turn = 0; !stream.empty(); turn = (turn + 1) % sizes.size()) {
    chunks.push_back(stream.substr(0, sizes[turn]));
    stream.remove_prefix(chunks.back().size());
  }
  return chunks;
}

/// How long the longest line is, one without an end too.
std::size_t longest_line(std::string_view stream) {
  if (stream.starts_with("\xEF\xBB\xBF")) {
    stream.remove_prefix(3);
  }
  std::size_t longest = 0;
  while (!stream.empty()) {
    const std::string_view line = stream.substr(0, stream.find_first_of("\r\n"));
    longest = std::max(longest, line.size());
    stream.remove_prefix(std::min(stream.size(), line.size() + 1));
  }
  return longest;
}

/// That nothing handed out is over a limit, and that a limit is named only where it was exceeded.
void check_limits(std::string_view stream, const sse::ParserLimits& limits) {
  // Replacing ill-formed bytes makes three of one.
  constexpr std::size_t growth_max = 3;
  sse::Parser parser{limits};
  parser.feed(stream);
  bool is_stopped = false;
  for (sse::Token token = parser.next(); !std::holds_alternative<sse::NeedInput>(token);
       token = parser.next()) {
    check(!is_stopped, "a parser that has stopped gives nothing more");
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      check(event->data.size() <= limits.event_bytes_max, "an event is within its limit");
      check(event->last_event_id.size() <= limits.id_bytes_max, "an id is within its limit");
      check(!event->type.empty(), "every event has a type");
      check(event->type.size() <= growth_max * limits.line_bytes_max, "a type fits into a line");
    } else if (const auto* comment = std::get_if<sse::Comment>(&token)) {
      check(comment->text.size() < growth_max * limits.line_bytes_max,
            "a comment fits into a line");
    } else if (const auto* error = std::get_if<sse::ParseError>(&token)) {
      is_stopped = true;
      check(
          *error != sse::ParseError::line_too_long || longest_line(stream) > limits.line_bytes_max,
          "a line is called too long only if one is");
      check(*error != sse::ParseError::event_too_large ||
                growth_max * stream.size() > limits.event_bytes_max,
            "an event is called too large only if it can be");
      check(*error != sse::ParseError::id_too_long ||
                growth_max * stream.size() > limits.id_bytes_max,
            "an id is called too long only if it can be");
    }
  }
  check(is_stopped || longest_line(stream) <= limits.line_bytes_max, "a line too long is an error");
}

/// The log's lines before the parser stopped, or before the closing line.
std::string_view tokens_of(std::string_view log) {
  std::size_t end = 0;
  while (!log.substr(end).starts_with("error ") && !log.substr(end).starts_with("left ")) {
    end = log.find('\n', end) + 1;
  }
  return log.substr(0, end);
}

void check_stream(std::string_view stream, const ChunkSizes& sizes,
                  const sse::ParserLimits& limits) {
  const std::string whole = test::log_of(stream, limits);
  const std::string expected = test::reference_log(stream);
  if (whole.find("\nerror ") == std::string::npos && !whole.starts_with("error ")) {
    check(whole == expected, "the parser agrees with the standard's own steps");
  } else {
    check(expected.starts_with(tokens_of(whole)),
          "until it stops, the parser agrees with the standard's own steps");
  }
  check_limits(stream, limits);

  for (const ChunkSizes& split : {sizes, ChunkSizes{1, 1, 1}}) {
    const auto chunks = chunks_of(stream, split);
    sse::Parser parser{limits};
    const std::string log = test::log_of(parser, chunks);
    check(log + test::left_line(parser.last_event_id(), parser.retry()) == whole,
          "where a stream is split makes no difference");
    sse::Parser fresh{limits, std::string{parser.last_event_id()}};
    parser.begin_connection();
    check(test::log_of(parser, chunks) == test::log_of(fresh, {stream}),
          "a new connection keeps the last event ID, and nothing else");
  }
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  regstream::fuzz::ChunkSizes sizes{};
  for (std::size_t& chunk : sizes) {
    chunk = 1 + input.byte() % 100;  // From one byte to more than the search's block of 64.
  }
  regstream::sse::ParserLimits limits;
  if (input.byte() == '1') {
    // A line of three: less would call the beginning of a byte order mark a line that is too long.
    limits.line_bytes_max = 3 + input.byte() % 100;
    limits.event_bytes_max = input.byte() % 40;
    limits.id_bytes_max = input.byte() % 20;
  }
  regstream::fuzz::check_stream(input.rest(), sizes, limits);
  return 0;
}
