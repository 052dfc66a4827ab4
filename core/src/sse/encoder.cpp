#include <regstream/sse/encoder.hpp>

namespace regstream::sse {
namespace {

constexpr std::string_view line_ends = "\r\n";
constexpr std::string_view line_ends_and_nul{"\r\n\0", 3};

/// Appends `text` as lines that begin with `prefix`; LF, CR and CRLF end a line, and text after the
/// last of them (none, too) is a line.
void append_lines(std::string& out, std::string_view prefix, std::string_view text) {
  while (true) {
    const std::size_t end = text.find_first_of(line_ends);
    out.append(prefix).append(text.substr(0, end)).push_back('\n');
    if (end == std::string_view::npos) {
      return;
    }
    const bool is_pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(end + (is_pair ? 2 : 1));
  }
}

void append_field(std::string& out, std::string_view prefix, std::string_view value) {
  if (!value.empty()) {
    out.append(prefix).append(value).push_back('\n');
  }
}

bool would_inject(std::string_view value) {
  return value.find_first_of(line_ends_and_nul) != std::string_view::npos;
}

}  // namespace

std::optional<EncodeError> append_event(std::string& out, const OutgoingEvent& event) {
  if (would_inject(event.id)) {
    return EncodeError::id_has_line_end_or_nul;
  }
  if (would_inject(event.type)) {
    return EncodeError::type_has_line_end_or_nul;
  }
  // The space after each colon is the one that a client drops, so a value may begin with another.
  append_field(out, "event: ", event.type);
  append_field(out, "id: ", event.id);
  append_lines(out, "data: ", event.data);
  out.push_back('\n');
  return std::nullopt;
}

void append_retry(std::string& out, Duration delay) {
  out.append("retry: ").append(std::to_string(delay.count())).append("\n\n");
}

void append_comment(std::string& out, std::string_view text) {
  append_lines(out, ":", text);
}

}  // namespace regstream::sse
