#include "hub/message_event.hpp"

#include <cstdlib>

#include <regstream/sse/encoder.hpp>

namespace regstream::hub {

void append_message(std::string& out, std::string_view json, std::optional<EventId> id) {
  if (id) {
    append_id_line(out, *id);
  }
  // Without a type and an id of its own there is nothing that the encoder could refuse.
  if (sse::append_event(out, {.data = json})) {
    std::abort();
  }
}

void append_id_line(std::string& out, EventId id) {
  out.append("id: ");
  append_event_id(out, id);
  out.push_back('\n');
}

}  // namespace regstream::hub
