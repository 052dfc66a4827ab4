#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regstream {

/// An update's position in the history: `<epoch>-<sequence>`, as Redis writes a stream id. The
/// epoch is the millisecond at which the history began; the sequence has no holes within it. If a
/// history is lost, the next one has a greater epoch, so the greater of two ids is always the
/// newer.
struct EventId {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;

  friend bool operator==(const EventId&, const EventId&) = default;
  friend std::strong_ordering operator<=>(const EventId& left, const EventId& right) {
    return left.epoch == right.epoch ? left.sequence <=> right.sequence
                                     : left.epoch <=> right.epoch;
  }
};

/// Reads an id that is the whole of `text`: two decimal numbers below 2^64, without sign, space or
/// leading zeros, so that equal ids are equal texts. Nothing if it is anything else.
[[nodiscard]] std::optional<EventId> parse_event_id(std::string_view text);

void append_event_id(std::string& out, const EventId& id);
[[nodiscard]] std::string to_string(const EventId& id);

}  // namespace regstream
