#include <regstream/sse/encoder.hpp>

#include <algorithm>
#include <cstddef>

namespace regstream::sse {
namespace {

constexpr std::string_view data_prefix = "data: ";
constexpr std::string_view line_ends_and_nul{"\r\n\0", 3};

bool is_line_end(char byte) {
  return byte == '\n' || byte == '\r';
}

/// Appends `text` to a line that begins with `prefix`. After an LF, CR or CRLF the text continues
/// on another such line.
void append_text(std::string& out, std::string_view prefix, std::string_view text) {
  while (true) {
    const auto end = std::find_if(text.begin(), text.end(), is_line_end);
    out.append(text.begin(), end);
    if (end == text.end()) {
      return;
    }
    out.append("\n").append(prefix);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
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
  // A client drops the first space after a colon, so a value may begin with a space.
  append_field(out, "event: ", event.type);
  append_field(out, "id: ", event.id);
  out.append(data_prefix);
  append_text(out, data_prefix, event.data_opening);
  append_text(out, data_prefix, event.data);
  append_text(out, data_prefix, event.data_closing);
  out.append("\n\n");
  return std::nullopt;
}

void append_retry(std::string& out, Duration delay) {
  out.append("retry: ").append(std::to_string(delay.count())).append("\n\n");
}

void append_comment(std::string& out, std::string_view text) {
  out.push_back(':');
  append_text(out, ":", text);
  out.push_back('\n');
}

}  // namespace regstream::sse
