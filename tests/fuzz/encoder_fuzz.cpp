#include <string>
#include <string_view>

#include <regstream/sse/encoder.hpp>

#include "check.hpp"
#include "core/parser_log.hpp"
#include "core/reference_parser.hpp"
#include "input.hpp"

// The event stream's encoder, checked by the reference parser: it reads exactly what was put into
// an event. The input is a type, an id, a comment and data, separated by 0x1F.

namespace regstream::fuzz {
namespace {

/// `text` as a parser gives it: every line end is an LF.
std::string with_line_feeds(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\r' && text.substr(at + 1).starts_with('\n')) {
      continue;
    }
    out.push_back(text[at] == '\r' ? '\n' : text[at]);
  }
  return out;
}

bool breaks_line(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

void check_encoder(std::string_view type, std::string_view id, std::string_view comment,
                   std::string_view data) {
  const std::string before = "data: before\n\n";
  std::string stream = before;
  sse::append_comment(stream, comment);
  std::string expected = test::event_line("message", "before", "");
  std::string lines = with_line_feeds(comment) + '\n';
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    expected += test::comment_line(test::reference_utf8(lines.substr(0, end)));
    lines.erase(0, end + 1);
  }

  const std::string without_event = stream;
  const auto error = sse::append_event(stream, {.data = data, .type = type, .id = id});
  check(error.has_value() == (breaks_line(type) || breaks_line(id)),
        "what breaks out of its line is refused, and nothing else");
  check(!error || stream == without_event, "what is refused is not written");
  const std::string kept_id = error ? "" : test::reference_utf8(id);
  if (!error) {
    expected += test::event_line(type.empty() ? "message" : test::reference_utf8(type),
                                 test::reference_utf8(with_line_feeds(data)), kept_id);
  }
  sse::append_retry(stream, Duration{data.size()});
  expected += test::retry_line(Duration{data.size()});
  expected += test::left_line(kept_id, Duration{data.size()});
  check(test::reference_log(stream) == expected, "what was written is read, and nothing else");
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  const auto type = input.until('\x1F');
  const auto id = input.until('\x1F');
  const auto comment = input.until('\x1F');
  regstream::fuzz::check_encoder(type, id, comment, input.rest());
  return 0;
}
