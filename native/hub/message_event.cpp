#include "hub/message_event.hpp"

#include <cstdlib>

#include <regstream/message/codec.hpp>
#include <regstream/sse/encoder.hpp>

#include "hub/cursor.hpp"

namespace regstream::hub {

namespace {

void append_event(std::string& out, const sse::OutgoingEvent& event) {
  // The encoder can only refuse a type or an id, and this event has neither.
  if (sse::append_event(out, event)) {
    std::abort();
  }
}

}  // namespace

void append_message(std::string& out, std::string_view json, std::optional<EventId> id) {
  if (id) {
    append_id_line(out, *id);
  }
  append_event(out, {.data = json});
}

void append_update(std::string& out, std::string_view update_json, EventId id) {
  append_id_line(out, id);
  append_event(out, {.data = update_json,
                     .data_opening = update_envelope_opening,
                     .data_closing = update_envelope_closing});
}

void append_end(std::string& out, EventId final_update, std::int64_t timestamp_ms) {
  out.append("id: ").append(end_cursor(final_update)).push_back('\n');
  append_event(out, {.data = encode_end(final_update, timestamp_ms)});
}

void append_id_line(std::string& out, EventId id) {
  out.append("id: ");
  append_event_id(out, id);
  out.push_back('\n');
}

}  // namespace regstream::hub
