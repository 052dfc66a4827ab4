#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/event_id.hpp>

namespace regstream::hub {

/// Appends the event that carries one JSON message, and an `id` if there is one.
void append_message(std::string& out, std::string_view json, std::optional<EventId> id = {});

/// Appends the event that carries an update in its envelope: the publisher's text, copied once.
void append_update(std::string& out, std::string_view update_json, EventId id);

/// Appends the `end` that follows `final_update`, with its own id (`end_cursor`).
void append_end(std::string& out, EventId final_update, std::int64_t timestamp_ms);

/// Appends the `id` line alone: what follows in another frame goes on with that event.
void append_id_line(std::string& out, EventId id);

}  // namespace regstream::hub
