#include "event_parser.hpp"

#include <variant>

namespace regstream::abi {

void EventParser::push(std::string_view bytes) {
  clear();
  parser_.feed(bytes);
  while (true) {
    const sse::Token token = parser_.next();
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      add(*event);
    } else if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
      skipped_.add() = {.bytes = static_cast<double>(skipped->bytes),
                        .before = events_.size(),
                        .reason = static_cast<std::uint32_t>(skipped->reason),
                        .last_event_id = append_id(skipped->last_event_id)};
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return;
    }
  }
}

void EventParser::begin_connection() {
  parser_.begin_connection();
  clear();
}

void EventParser::clear() {
  events_.clear();
  skipped_.clear();
  text_.clear();
  id_.clear();
  id_slice_ = {};
}

void EventParser::add(const sse::Event& event) {
  EventRecord& record = events_.add();
  if (event.type != "message") {
    record.type = text_.append(event.type);
  }
  record.data = text_.append(event.data);
  record.last_event_id = append_id(event.last_event_id);
}

Slice EventParser::append_id(std::string_view last_event_id) {
  if (last_event_id != id_) {
    id_ = last_event_id;
    id_slice_ = text_.append(id_);
  }
  return id_slice_;
}

}  // namespace regstream::abi
