#include "reference_parser.hpp"

#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "parser_log.hpp"

namespace regstream::test {
namespace {

/// HTML, "Interpreting an event stream": lines end with CRLF, LF or CR. An unfinished line at the
/// end is discarded.
std::vector<std::string> split_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '\n' && text[index] != '\r') {
      line += text[index];
      continue;
    }
    lines.push_back(line);
    line.clear();
    if (text[index] == '\r' && index + 1 < text.size() && text[index + 1] == '\n') {
      ++index;
    }
  }
  return lines;
}

/// The limit that a line exceeds, which depends on its bytes as sent.
struct SentLine {
  std::string name;
  std::string value;
  std::size_t size = 0;
};

SentLine sent_line(const std::string& line) {
  const std::size_t colon = line.find(':');
  SentLine sent{.name = line.substr(0, colon), .value = {}, .size = line.size()};
  if (colon != std::string::npos) {
    sent.value = line.substr(colon + 1);
    if (!sent.value.empty() && sent.value[0] == ' ') {
      sent.value.erase(0, 1);
    }
  }
  return sent;
}

struct Interpreter {
  sse::ParserLimits limits;
  std::string log;
  std::string data_buffer;
  std::string event_type_buffer;
  std::string last_event_id_buffer;
  std::string last_event_id_string;
  std::optional<Duration> reconnection_time;

  // In addition to the standard: an event over a limit is skipped, and reported.
  std::optional<sse::SkipReason> skip_reason;
  std::size_t sent_data_size = 0;

  void line(const std::string& line, const SentLine& sent) {
    sent_data_size += sent.size > 0 && sent.name == "data" ? sent.value.size() + 1 : 0;
    if (sent.size > limits.line_bytes_max) {
      long_line(sent);
    } else if (line.empty()) {
      dispatch();
    } else if (line[0] == ':') {
      log += comment_line(line.substr(1));
    } else if (const std::size_t colon = line.find(':'); colon != std::string::npos) {
      std::string value = line.substr(colon + 1);
      if (!value.empty() && value[0] == ' ') {
        value.erase(0, 1);
      }
      field(line.substr(0, colon), value);
    } else {
      field(line, "");
    }
  }

  void long_line(const SentLine& sent) {
    if (sent.name == "data" || sent.name == "event") {
      skip(sse::SkipReason::line_too_long);
    } else if (sent.name == "id" && sent.value.find('\0') == std::string::npos) {
      skip(sent.value.size() > limits.id_bytes_max ? sse::SkipReason::id_too_long
                                                   : sse::SkipReason::line_too_long);
    }
  }

  void skip(sse::SkipReason reason) {
    if (!skip_reason) {
      skip_reason = reason;
    }
  }

  void field(const std::string& name, const std::string& value) {
    if (name == "event") {
      event_type_buffer = value;
    } else if (name == "data") {
      data_buffer += value + '\n';
      if (data_buffer.size() - 1 > limits.event_bytes_max) {
        skip(sse::SkipReason::event_too_large);
      }
    } else if (name == "id") {
      if (value.find('\0') != std::string::npos) {
        return;
      }
      if (value.size() > limits.id_bytes_max) {
        skip(sse::SkipReason::id_too_long);
      } else {
        last_event_id_buffer = value;
      }
    } else if (name == "retry") {
      if (!value.empty() && value.find_first_not_of("0123456789") == std::string::npos) {
        // Returns the greatest number for a greater value.
        reconnection_time = Duration{std::strtoll(value.c_str(), nullptr, 10)};
        log += retry_line(*reconnection_time);
      }
    }
  }

  void dispatch() {
    last_event_id_string = last_event_id_buffer;
    const std::size_t sent_size = std::exchange(sent_data_size, 0);
    if (const auto reason = std::exchange(skip_reason, std::nullopt)) {
      log += skipped_line(*reason, sent_size, last_event_id_string);
      data_buffer.clear();
      event_type_buffer.clear();
      return;
    }
    if (data_buffer.empty()) {
      event_type_buffer.clear();
      return;
    }
    data_buffer.pop_back();
    log += event_line(event_type_buffer.empty() ? "message" : event_type_buffer, data_buffer,
                      last_event_id_string);
    data_buffer.clear();
    event_type_buffer.clear();
  }
};

void append_code_point(std::string& out, unsigned code_point) {
  if (code_point < 0x80) {
    out += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    out += static_cast<char>(0xC0 | (code_point >> 6));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    out += static_cast<char>(0xE0 | (code_point >> 12));
    out += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code_point >> 18));
    out += static_cast<char>(0x80 | ((code_point >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code_point >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code_point & 0x3F));
  }
}

}  // namespace

std::string reference_utf8(std::string_view bytes) {
  std::string out;
  unsigned code_point = 0;
  unsigned bytes_seen = 0;
  unsigned bytes_needed = 0;
  unsigned lower = 0x80;
  unsigned upper = 0xBF;
  for (std::size_t index = 0; index < bytes.size();) {
    const unsigned byte = static_cast<unsigned char>(bytes[index]);
    if (bytes_needed == 0) {
      ++index;
      if (byte <= 0x7F) {
        out += static_cast<char>(byte);
      } else if (byte >= 0xC2 && byte <= 0xDF) {
        bytes_needed = 1;
        code_point = byte & 0x1F;
      } else if (byte >= 0xE0 && byte <= 0xEF) {
        lower = byte == 0xE0 ? 0xA0 : lower;
        upper = byte == 0xED ? 0x9F : upper;
        bytes_needed = 2;
        code_point = byte & 0xF;
      } else if (byte >= 0xF0 && byte <= 0xF4) {
        lower = byte == 0xF0 ? 0x90 : lower;
        upper = byte == 0xF4 ? 0x8F : upper;
        bytes_needed = 3;
        code_point = byte & 0x7;
      } else {
        append_code_point(out, 0xFFFD);
      }
      continue;
    }
    const bool continues = byte >= lower && byte <= upper;
    lower = 0x80;
    upper = 0xBF;
    if (!continues) {
      // The byte is read again, as the first of the next sequence.
      code_point = bytes_needed = bytes_seen = 0;
      append_code_point(out, 0xFFFD);
      continue;
    }
    ++index;
    code_point = (code_point << 6) | (byte & 0x3F);
    if (++bytes_seen == bytes_needed) {
      append_code_point(out, code_point);
      code_point = bytes_needed = bytes_seen = 0;
    }
  }
  if (bytes_needed != 0) {
    append_code_point(out, 0xFFFD);
  }
  return out;
}

std::string reference_log(std::string_view stream, ReferenceState& state,
                          const sse::ParserLimits& limits) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (stream.substr(0, 3) == byte_order_mark) {
    stream.remove_prefix(3);
  }
  Interpreter interpreter;
  interpreter.limits = limits;
  interpreter.last_event_id_buffer = state.last_event_id;
  interpreter.last_event_id_string = state.last_event_id;
  interpreter.reconnection_time = state.retry;
  // Decoding neither adds nor removes a line end, so both have the same lines.
  const std::vector<std::string> lines = split_lines(reference_utf8(stream));
  const std::vector<std::string> sent_lines = split_lines(std::string{stream});
  for (std::size_t index = 0; index < lines.size(); ++index) {
    interpreter.line(lines[index], sent_line(sent_lines[index]));
  }
  state = {.last_event_id = interpreter.last_event_id_string,
           .retry = interpreter.reconnection_time};
  return interpreter.log + left_line(state.last_event_id, state.retry);
}

std::string reference_log(std::string_view stream, const sse::ParserLimits& limits) {
  ReferenceState state;
  return reference_log(stream, state, limits);
}

}  // namespace regstream::test
