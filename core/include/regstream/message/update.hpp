#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/message/event_id.hpp>
#include <regstream/message/status.hpp>

namespace regstream {

/// Registration ids are JSON numbers that JavaScript reads as doubles: 1 to 2^53 - 1.
inline constexpr std::int64_t registration_id_max = (std::int64_t{1} << 53) - 1;

/// One message of the channel: a stage update (`stage` is set) or a status update.
struct Update {
  std::int64_t registration_id = 0;
  std::string status;  ///< As sent ("PENDING"); see `parse_status`.
  std::string stage;   ///< Empty in a status update.
  /// Of `stage`; inferred from `message` where the publisher sent none, or a word of its own.
  StageStatus stage_status = StageStatus::completed;
  std::string stage_status_word = {};  ///< As sent where it is none of `StageStatus`, or empty.
  std::string message;
  std::string details;            ///< JSON text of an object exactly as sent, or empty.
  std::string process_log;        ///< JSON text of an array exactly as sent, or empty.
  std::int64_t timestamp_ms = 0;  ///< 0: the publisher sent none.
  /// Absent until the update has entered the history. A publisher's own "id" that has not the form
  /// of an event id is one of the `unknown` members, and no error.
  std::optional<EventId> id = std::nullopt;
  /// JSON text of an object with the members that this version does not know, exactly as sent and
  /// in their order, or empty if there are none. No longer than the message was.
  std::string unknown = {};

  friend bool operator==(const Update&, const Update&) = default;
};

}  // namespace regstream
