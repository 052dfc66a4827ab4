#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <regstream/sse/parser.hpp>

namespace regstream::simulation {

/// A browser's EventSource as a page sees it, one for each attempt: events with the last event id,
/// but no comments and no `retry`.
class EventSource {
 public:
  struct Event {
    std::string_view data;
    std::optional<std::string_view> last_event_id;  ///< Set if the event changed it.
  };

  void feed(std::string_view bytes) { parser_.feed(bytes); }

  /// The next event; nothing if there is none. Valid until the next call.
  [[nodiscard]] std::optional<Event> next() {
    while (true) {
      const sse::Token token = parser_.next();
      if (std::holds_alternative<sse::NeedInput>(token)) {
        return std::nullopt;
      }
      if (const auto* const event = std::get_if<sse::Event>(&token)) {
        const bool is_changed = event->last_event_id != last_event_id_;
        last_event_id_ = event->last_event_id;
        return Event{
            .data = event->data,
            .last_event_id = is_changed ? std::optional{event->last_event_id} : std::nullopt};
      }
    }
  }

 private:
  sse::Parser parser_;
  std::string last_event_id_;
};

}  // namespace regstream::simulation
