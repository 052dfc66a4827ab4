#include "event_counter.hpp"

#include <charconv>
#include <stdexcept>

namespace {

constexpr std::string_view sent_line = R"(data: {"type":"update","data":{"sentNs":)";

}  // namespace

void EventCounter::take(std::string_view bytes, std::vector<std::int64_t>& sent_ns) {
  if (!has_head_) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end != std::string_view::npos) {
      if (!bytes.starts_with("HTTP/1.1 200 ")) {
        throw std::runtime_error("expected 200:\n" + std::string(bytes.substr(0, end)));
      }
      has_head_ = true;
      bytes.remove_prefix(end + 4);
    }
  }
  if (has_head_) {
    bytes = take_events(bytes, sent_ns);
  }
  if (bytes.size() > event_bytes_max) {
    throw std::runtime_error("an event does not end");
  }
  rest_.assign(bytes);
}

std::string_view EventCounter::take_events(std::string_view bytes,
                                           std::vector<std::int64_t>& sent_ns) {
  std::string_view line_and_more = bytes;
  std::string_view id;
  for (;;) {
    const std::size_t end = line_and_more.find('\n');
    if (end == std::string_view::npos) {
      return bytes;
    }
    const std::string_view line = line_and_more.substr(0, end);
    line_and_more.remove_prefix(end + 1);
    if (line.empty()) {
      if (!id.empty()) {
        take_id(id);
        id = {};
      }
      bytes = line_and_more;
    } else if (line.back() == '\r') {
      // Framing of chunks. No line of an event ends so, and no event is in two chunks.
      bytes = line_and_more;
    } else if (line.starts_with("id: ")) {
      id = line.substr(4);
    } else if (line.starts_with(sent_line)) {
      const std::string_view number = line.substr(sent_line.size());
      std::int64_t sent = 0;
      std::from_chars(number.data(), number.data() + number.size(), sent);
      sent_ns.push_back(sent);
    }
  }
}

void EventCounter::take_id(std::string_view text) {
  const std::optional<regstream::EventId> id = regstream::parse_event_id(text);
  if (!id) {
    throw std::runtime_error("no event id: " + std::string(text));
  }
  if (last_id_) {
    if (*id <= *last_id_) {
      throw std::runtime_error("an update came twice, or out of order");
    }
    ++updates_;
  }
  last_id_ = id;
}
