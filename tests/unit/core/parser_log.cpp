#include "parser_log.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <memory>

namespace regstream::test {
namespace {

/// Logs every available token.
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
    } else if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
      log += skipped_line(skipped->reason, skipped->bytes, skipped->last_event_id);
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

/// Describes the difference when every connection is cut in that way; empty if there is none.
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
      std::string difference = in_quotes(connection.stream);
      if (connections.size() > 1) {
        difference.append(" on connection ").append(std::to_string(index + 1));
      }
      difference.append(" ").append(how).append("\ngave\n").append(log);
      return difference.append("instead of\n").append(connection.log);
    }
  }
  return {};
}

void append_escaped(std::string& out, char byte) {
  constexpr std::string_view meanings{"\n\r\t\0\\", 5};
  constexpr std::string_view letters = "nrt0\\";
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += '\\';
  if (const std::size_t known = meanings.find(byte); known != std::string_view::npos) {
    out += letters[known];
    return;
  }
  const auto value = static_cast<unsigned char>(byte);
  out.append("x").append({digits[value >> 4U], digits[value & 0xFU]});
}

std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t size = text[at] == '\\' ? 1 : hidden_size(text.substr(at));
    if (size == 0) {
      out += text[at++];
    }
    for (; size > 0; --size) {
      append_escaped(out, text[at++]);
    }
  }
  return out;
}

/// A type has no quotes, so a space in it would look like its end.
std::string escaped_type(std::string_view type) {
  std::string out;
  for (const char byte : escaped(type)) {
    byte == ' ' ? out.append("\\x20") : out.append(1, byte);
  }
  return out;
}

}  // namespace

std::size_t hidden_size(std::string_view text) {
  const auto byte_at = [&](std::size_t index) -> unsigned {
    return index < text.size() ? static_cast<unsigned char>(text[index]) : ' ';
  };
  if (byte_at(0) < ' ' || byte_at(0) == 0x7F) {
    return 1;
  }
  // The control characters above ASCII: U+0080 to U+009F.
  if (byte_at(0) == 0xC2 && byte_at(1) >= 0x80 && byte_at(1) <= 0x9F) {
    return 2;
  }
  constexpr std::array<std::string_view, 3> others{"\u2028", "\u2029", "\uFEFF"};
  const bool is_other = std::any_of(others.begin(), others.end(), [&](std::string_view other) {
    return text.starts_with(other);
  });
  return is_other ? 3 : 0;
}

std::string in_quotes(std::string_view text) {
  return '"' + escaped(text) + '"';
}

std::string event_line(std::string_view type, std::string_view data,
                       std::string_view last_event_id) {
  return "event " + escaped_type(type) + " " + in_quotes(data) + " id " + in_quotes(last_event_id) +
         "\n";
}

std::string comment_line(std::string_view text) {
  return "comment " + in_quotes(text) + "\n";
}

std::string retry_line(Duration delay) {
  return "retry " + std::to_string(delay.count()) + "\n";
}

std::string skipped_line(sse::SkipReason reason, std::uint64_t bytes,
                         std::string_view last_event_id) {
  return "skipped " + std::string{to_string(reason)} + " " + std::to_string(bytes) + " id " +
         in_quotes(last_event_id) + "\n";
}

std::string left_line(std::string_view last_event_id, std::optional<Duration> retry) {
  return "left id " + in_quotes(last_event_id) + " retry " +
         (retry ? std::to_string(retry->count()) : "none") + "\n";
}

std::string log_of(sse::Parser& parser, const std::vector<std::string_view>& chunks) {
  std::string log;
  for (const std::string_view chunk : chunks) {
    // On the heap with the exact size, so that the sanitizer sees a view that outlives its chunk.
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
