#include "parser_log.hpp"

#include <algorithm>
#include <cstring>
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

std::string log_of_chunks(const std::vector<std::string_view>& chunks,
                          const sse::ParserLimits& limits) {
  sse::Parser parser{limits};
  std::string log = log_of(parser, chunks);
  return log + left_line(parser.last_event_id(), parser.retry());
}

std::vector<std::string_view> pieces(std::string_view stream, std::size_t size) {
  std::vector<std::string_view> chunks;
  for (std::size_t begin = 0; begin < stream.size(); begin += size) {
    chunks.push_back(stream.substr(begin, size));
  }
  return chunks;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char byte : text) {
    switch (byte) {
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\0':
        out += "\\0";
        break;
      default:
        out += byte;
    }
  }
  return out + '"';
}

std::string event_line(std::string_view type, std::string_view data,
                       std::string_view last_event_id) {
  return "event " + std::string{type} + " " + quoted(data) + " id " + quoted(last_event_id) + "\n";
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
  return log_of_chunks({stream}, limits);
}

std::string find_split_that_differs(std::string_view stream, std::string_view expected,
                                    const sse::ParserLimits& limits) {
  const auto differs = [&](const std::vector<std::string_view>& chunks, const std::string& how) {
    const std::string log = log_of_chunks(chunks, limits);
    return log == expected ? std::string{}
                           : quoted(stream) + " " + how + "\ngave\n" + log + "instead of\n" +
                                 std::string{expected};
  };
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    std::string difference = differs({stream.substr(0, split), stream.substr(split)},
                                     "split at byte " + std::to_string(split));
    if (!difference.empty()) {
      return difference;
    }
  }
  const std::size_t longest = std::max<std::size_t>(stream.size(), 1);
  for (std::size_t size = 1; size <= longest; ++size) {
    std::string difference = differs(pieces(stream, size), "in pieces of " + std::to_string(size));
    if (!difference.empty()) {
      return difference;
    }
  }
  return {};
}

}  // namespace regstream::test
