#include "event_parser.hpp"

#include <variant>

namespace regstream::wasm {

void EventParser::push(std::string_view bytes) {
  batch_.clear();
  id_.clear();
  id_slice_ = {};
  parser_.feed(bytes);
  while (true) {
    const sse::Token token = parser_.next();
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      add(*event);
    } else if (const auto* error = std::get_if<sse::ParseError>(&token)) {
      error_ = static_cast<std::uint32_t>(*error) + 1;
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return;
    }
  }
}

void EventParser::begin_connection() {
  parser_.begin_connection();
  batch_.clear();
  error_ = 0;
}

void EventParser::add(const sse::Event& event) {
  EventRecord& record = batch_.add();
  if (event.type != "message") {
    record.type = batch_.append(event.type);
  }
  record.data = batch_.append(event.data);
  if (event.last_event_id != id_) {
    id_ = event.last_event_id;
    id_slice_ = batch_.append(id_);
  }
  record.last_event_id = id_slice_;
}

}  // namespace regstream::wasm
