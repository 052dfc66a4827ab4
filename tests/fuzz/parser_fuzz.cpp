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

// The event stream's parser. The input: the sizes of three chunks, used in turns; whether the
// limits are small ("1"), and which; then the stream.

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

/// Checks that no token is over a limit.
void check_limits(std::string_view stream, const sse::ParserLimits& limits) {
  // A replaced malformed byte becomes three bytes.
  constexpr std::size_t growth_max = 3;
  sse::Parser parser{limits};
  parser.feed(stream);
  for (sse::Token token = parser.next(); !std::holds_alternative<sse::NeedInput>(token);
       token = parser.next()) {
    check(parser.last_event_id().size() <= limits.id_bytes_max, "an id is within its limit");
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      check(event->data.size() <= limits.event_bytes_max, "an event is within its limit");
      check(!event->type.empty(), "every event has a type");
      check(event->type.size() <= growth_max * limits.line_bytes_max, "a type fits into a line");
    } else if (const auto* comment = std::get_if<sse::Comment>(&token)) {
      check(comment->text.size() < growth_max * limits.line_bytes_max,
            "a comment fits into a line");
    } else if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
      check(skipped->bytes <= stream.size(), "what is skipped was sent");
    }
  }
}

void check_stream(std::string_view stream, const ChunkSizes& sizes,
                  const sse::ParserLimits& limits) {
  const std::string whole = test::log_of(stream, limits);
  check(whole == test::reference_log(stream, limits),
        "the parser agrees with the standard's own steps, and with its limits' rules");
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
    chunk = 1 + input.byte() % 100;  // From one byte to more than the scanner's block of 64.
  }
  regstream::sse::ParserLimits limits;
  if (input.byte() == '1') {
    limits.line_bytes_max = input.byte() % 100;
    limits.event_bytes_max = input.byte() % 40;
    limits.id_bytes_max = input.byte() % 20;
  }
  regstream::fuzz::check_stream(input.rest(), sizes, limits);
  return 0;
}
