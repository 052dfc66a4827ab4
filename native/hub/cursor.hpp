#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/message/event_id.hpp>

namespace regstream::hub {

/// Belongs to no history, so that no cursor is older: who has it has yet to be told where it
/// stands.
inline constexpr EventId before_all_histories{};

/// Stands behind the id of a final update in the id of the `end` that follows it, so that "has the
/// update and missed the end" differs from "has the end".
inline constexpr std::string_view end_suffix = "-end";

/// Whether `cursor` is the id of an `end`. Its form decides: who has an `end` has all that a stream
/// until the final update can give, whatever has become of the history since.
[[nodiscard]] inline bool is_end_cursor(std::string_view cursor) {
  return cursor.ends_with(end_suffix) &&
         parse_event_id(cursor.substr(0, cursor.size() - end_suffix.size())).has_value();
}

/// The update that a cursor names. Nothing: it is empty. `before_all_histories`: it is no id.
[[nodiscard]] inline std::optional<EventId> read_cursor(std::string_view cursor) {
  if (cursor.empty()) {
    return std::nullopt;
  }
  if (cursor.ends_with(end_suffix)) {
    cursor.remove_suffix(end_suffix.size());
  }
  return parse_event_id(cursor).value_or(before_all_histories);
}

/// The id of the `end` that follows `final_update`.
[[nodiscard]] inline std::string end_cursor(EventId final_update) {
  return to_string(final_update).append(end_suffix);
}

}  // namespace regstream::hub
