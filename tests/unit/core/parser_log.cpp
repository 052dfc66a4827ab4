#include "parser_log.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>

namespace regstream::test {
namespace {

std::string_view name_of(sse::ParseError error) {
  switch (error) {
    case sse::ParseError::line_too_long:
      return "line_too_long";
    case sse::ParseError::event_too_large:
      return "event_too_large";
    case sse::ParseError::id_too_long:
      return "id_too_long";
  }
  return "unknown";
}

/// Takes every token that is there.
void drain(sse::Parser& parser, std::string& log) {
  while (true) {
    const sse::Token token = parser.next();
    if (std::holds_alternative<sse::NeedInput>(token)) {
      return;
    }
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      log += event_line(event->type, event->data, event->last_event_id);
    } else if (const auto* comment = std::get_if<sse::Comment>(&token)) {
      log += comment_line(comment->text);
    } else if (const auto* retry = std::get_if<sse::Retry>(&token)) {
      log += retry_line(retry->delay);
    } else if (const auto* error = std::get_if<sse::ParseError>(&token)) {
      log.append("error ").append(name_of(*error)).append("\n");
    }
  }
}

std::vector<std::string_view> pieces(std::string_view stream, std::size_t size) {
  std::vector<std::string_view> chunks;
  for (std::size_t begin = 0; begin < stream.size(); begin += size) {
    chunks.push_back(stream.substr(begin, size));
  }
  return chunks;
}

/// Cuts a stream into chunks.
using Cut = std::function<std::vector<std::string_view>(std::string_view)>;

/// What differs where every connection is cut that way; empty if nothing does.
std::string difference_by(const Cut& cut, const std::string& how,
                          const std::vector<Connection>& connections,
                          const sse::ParserLimits& limits, std::string_view last_event_id) {
  sse::Parser parser{limits, std::string{last_event_id}};
  for (std::size_t index = 0; index < connections.size(); ++index) {
    const Connection& connection = connections[index];
    if (index > 0) {
      parser.begin_connection();
    }
    std::string log = log_of(parser, cut(connection.stream));
    log += left_line(parser.last_event_id(), parser.retry());
    if (log != connection.log) {
      const std::string which =
          connections.size() == 1 ? "" : " on connection " + std::to_string(index + 1);
      return quoted(connection.stream) + which + " " + how + "\ngave\n" + log + "instead of\n" +
             connection.log;
    }
  }
  return {};
}

std::string escaped(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (text.substr(at).starts_with(byte_order_mark)) {
      out += "\\xEF\\xBB\\xBF";
      at += byte_order_mark.size() - 1;
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte == '\r') {
      out += "\\r";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\0') {
      out += "\\0";
    } else if (byte == '\\') {
      out += "\\\\";
    } else if (byte < ' ' || byte == 0x7F) {
      out.append("\\x").append({digits[byte >> 4U], digits[byte & 0xFU]});
    } else {
      out += text[at];
    }
  }
  return out;
}

/// A type stands without quotes, so that a space in it would read as its end.
std::string escaped_type(std::string_view type) {
  std::string out;
  for (const char byte : escaped(type)) {
    byte == ' ' ? out.append("\\x20") : out.append(1, byte);
  }
  return out;
}

}  // namespace

std::string quoted(std::string_view text) {
  return '"' + escaped(text) + '"';
}

std::string event_line(std::string_view type, std::string_view data,
                       std::string_view last_event_id) {
  return "event " + escaped_type(type) + " " + quoted(data) + " id " + quoted(last_event_id) + "\n";
}

std::string comment_line(std::string_view text) {
  return "comment " + quoted(text) + "\n";
}

std::string retry_line(Duration delay) {
  return "retry " + std::to_string(delay.count()) + "\n";
}

std::string left_line(std::string_view last_event_id, std::optional<Duration> retry) {
  return "left id " + quoted(last_event_id) + " retry " +
         (retry ? std::to_string(retry->count()) : "none") + "\n";
}

std::string log_of(sse::Parser& parser, const std::vector<std::string_view>& chunks) {
  std::string log;
  for (const std::string_view chunk : chunks) {
    // On the heap and of the exact size, so that the sanitizer sees a view that outlives its chunk.
    const auto memory = std::make_unique<char[]>(chunk.size());
    if (!chunk.empty()) {
      std::memcpy(memory.get(), chunk.data(), chunk.size());
    }
    parser.feed({memory.get(), chunk.size()});
    drain(parser, log);
  }
  return log;
}

std::string log_of(std::string_view stream, const sse::ParserLimits& limits) {
  sse::Parser parser{limits};
  const std::string log = log_of(parser, {stream});
  return log + left_line(parser.last_event_id(), parser.retry());
}

std::string find_split_that_differs(const std::vector<Connection>& connections,
                                    const sse::ParserLimits& limits,
                                    std::string_view last_event_id) {
  std::size_t longest = 1;
  for (const Connection& connection : connections) {
    longest = std::max(longest, connection.stream.size());
  }
  for (std::size_t split = 0; split <= longest; ++split) {
    const auto in_two = [split](std::string_view stream) -> std::vector<std::string_view> {
      const std::size_t point = std::min(split, stream.size());
      return {stream.substr(0, point), stream.substr(point)};
    };
    std::string difference = difference_by(in_two, "split at byte " + std::to_string(split),
                                           connections, limits, last_event_id);
    if (!difference.empty()) {
      return difference;
    }
  }
  for (std::size_t size = 1; size <= longest; ++size) {
    const auto in_pieces = [size](std::string_view stream) { return pieces(stream, size); };
    std::string difference = difference_by(in_pieces, "in pieces of " + std::to_string(size),
                                           connections, limits, last_event_id);
    if (!difference.empty()) {
      return difference;
    }
  }
  return {};
}

std::string find_split_that_differs(std::string_view stream, std::string_view expected,
                                    const sse::ParserLimits& limits) {
  return find_split_that_differs({{.stream = std::string{stream}, .log = std::string{expected}}},
                                 limits);
}

}  // namespace regstream::test
