#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/event_id.hpp>

namespace regstream::hub {

/// Belongs to no history, and no cursor is older. A client with this cursor must be told where it
/// stands.
inline constexpr EventId before_all_histories{};

/// Appended to a final update's id to make the id of the `end` after it. So "has the update and
/// missed the end" differs from "has the end".
inline constexpr std::string_view end_suffix = "-end";

/// Whether `cursor` is the id of an `end`. The form alone decides: a client with an `end` has
/// everything that an `until_final` stream can bring, whatever happened to the history since.
[[nodiscard]] inline bool is_end_cursor(std::string_view cursor) {
  return cursor.ends_with(end_suffix) &&
         parse_event_id(cursor.substr(0, cursor.size() - end_suffix.size())).has_value();
}

/// The update that a cursor names. Empty: the cursor is empty. `before_all_histories`: the cursor
/// is no event id.
[[nodiscard]] inline std::optional<EventId> read_cursor(std::string_view cursor) {
  if (cursor.empty()) {
    return std::nullopt;
  }
  if (cursor.ends_with(end_suffix)) {
    cursor.remove_suffix(end_suffix.size());
  }
  return parse_event_id(cursor).value_or(before_all_histories);
}

/// The id of the `end` after `final_update`.
[[nodiscard]] inline std::string end_cursor(EventId final_update) {
  return to_string(final_update).append(end_suffix);
}

}  // namespace regstream::hub
