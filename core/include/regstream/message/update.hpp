#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/message/event_id.hpp>
#include <regstream/message/status.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream {

/// A registration's id is 1 to 2^53 - 1.
inline constexpr std::int64_t registration_id_max = integer_id_max;

/// One message of the channel: a stage update (`stage` is set) or a status update.
struct Update {
  std::int64_t registration_id = 0;  ///< 0 if the workflow's ids are text: `text_id`.
  std::string status;                ///< As sent.
  std::string stage;                 ///< Empty in a status update.
  /// The status of `stage`; inferred from `message` if the publisher sent none, or an unknown word.
  StageStatus stage_status = StageStatus::completed;
  std::string stage_status_word = {};  ///< As sent, if it is not a `StageStatus`; else empty.
  std::string message;
  std::string details;            ///< JSON text of an object exactly as sent, or empty.
  std::string process_log;        ///< JSON text of an array exactly as sent, or empty.
  std::int64_t timestamp_ms = 0;  ///< 0: the publisher sent none.
  /// Absent until the update is in the history. A publisher's own "id" that does not have the form
  /// of an event id is one of the `unknown` members, not an error.
  std::optional<EventId> id = std::nullopt;
  /// JSON text of an object with the members that this version does not know, exactly as sent and
  /// in their order; empty if there are none. No longer than the message.
  std::string unknown = {};
  std::string text_id = {};  ///< Empty if the workflow's ids are numbers.

  friend bool operator==(const Update&, const Update&) = default;
};

}  // namespace regstream
