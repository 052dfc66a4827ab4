#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/event_id.hpp>

namespace regstream::hub {

/// Appends an event with one JSON message, and with an `id` if there is one.
void append_message(std::string& out, std::string_view json, std::optional<EventId> id = {});

/// Appends an event with an update in its envelope. The publisher's text is copied once.
void append_update(std::string& out, std::string_view update_json, EventId id);

/// Appends the `end` that follows `final_update`, with its own id (`end_cursor`).
void append_end(std::string& out, EventId final_update, std::int64_t timestamp_ms);

/// Appends only the `id` line: the next frame continues the event.
void append_id_line(std::string& out, EventId id);

}  // namespace regstream::hub
