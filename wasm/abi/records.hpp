#pragma once

#include <cstdint>

#include <regstream/session/stream_session.hpp>

/// What calls leave in memory for JavaScript to read: records of fixed layout, which is part of the
/// ABI (src/core/ has the same offsets). Text stands apart from them, in one piece for each batch,
/// since a decoder's call costs JavaScript more than most texts that a record has.
namespace regstream::abi {

/// A part of a batch's text, in the UTF-16 units that JavaScript cuts strings by; or bytes, where
/// it says so.
struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// Bytes anywhere in memory. An address has 32 bits in WASM, and 64 in a native test.
struct Bytes {
  std::uintptr_t address = 0;
  std::uint32_t size = 0;
};

/// One message of the stream; all but `kind`, `message`, `epoch` and `sequence` is an update's.
struct MessageRecord {
  double instance_id = 0;  ///< 0 where the workflow's ids are text: `text_id`.
  double timestamp_ms = 0;
  double epoch = 0;  ///< Of its event id; 0: it has none, or one that no double holds. In an `end`
  double sequence = 0;  ///< it is the final update's.
  Slice text_id;
  Slice status;   ///< Where `known_status` is 0.
  Slice stage;    ///< Where `known_stage` is 0.
  Slice message;  ///< Also why a message is malformed or too large.
  Slice cursor;   ///< Bytes of `Result::cursors`: what a reconnect behind it resumes from.
  /// Bytes of `Result::json`: an object with its other members; empty if these fields are all.
  Slice json;
  MessageKind kind = MessageKind::other;
  std::uint8_t known_status = 0;  ///< One more than its place among the workflow's statuses.
  std::uint8_t known_stage = 0;   ///< One more than its place among the workflow's stages.
  StageStatus stage_status = StageStatus::completed;
  bool has_message = false;
};

/// One stage of a view.
struct StageRecord {
  double started_timestamp_ms = 0;  ///< 0: not known.
  double ended_timestamp_ms = 0;    ///< 0: not known.
  Slice name;
  Slice message;
  StageStatus status = StageStatus::started;
};

/// An instance's view. One without a status says that updates may have been missed, and nothing is
/// known.
struct ViewRecord {
  double instance_id = 0;  ///< 0 where the workflow's ids are text: `text_id`.
  double timestamp_ms = 0;
  Bytes text;  ///< Of all views of the batch and their stages; not the messages' one.
  std::uintptr_t stages = 0;  ///< Address of `stage_count` records.
  Slice text_id;
  Slice status;
  Slice stage;
  Slice message;
  Slice id;
  Bytes details;      ///< JSON text of an object, or empty.
  Bytes process_log;  ///< JSON text of an array, or empty.
  std::uint32_t stage_count = 0;
  std::uint32_t stages_done = 0;
  std::uint32_t stages_total = 0;
  bool has_more_stages = false;
  bool is_final = false;
  bool has_ended = false;
  bool has_gap = false;
  bool has_lost_history = false;
};

/// A dispatched event.
struct EventRecord {
  Slice type;  ///< Empty: "message".
  Slice data;
  Slice last_event_id;
};

/// An event over a limit.
struct SkippedRecord {
  double bytes = 0;
  std::uint32_t before = 0;  ///< The event of the batch that came next.
  std::uint32_t reason = 0;  ///< An `sse::SkipReason`.
  Slice last_event_id;
};

/// What a call gives back beyond its return value. It says which of these it sets.
struct Result {
  Bytes text;   ///< UTF-8: the records' text, or the call's.
  Bytes query;  ///< UTF-8: of the request.
  std::uint32_t attempt = 0;
  std::uint32_t to = 0;
  std::uint32_t reason = 0;
  std::uint32_t is_connected = 0;
  std::uintptr_t records = 0;
  Bytes json;
  Bytes cursors;
  std::uint32_t cursor_begin =
      0;                     ///< From there on: what a reconnect behind the batch resumes from.
  std::uintptr_t views = 0;  ///< `ViewRecord`s of what changed, in the order of the stream's ids.
  std::uint32_t view_count = 0;
  std::uintptr_t skipped = 0;
  std::uint32_t skipped_count = 0;
  std::uint32_t resets = 0;  ///< How often updates may have been missed in the batch.
};

#ifdef __wasm__
static_assert(sizeof(MessageRecord) == 88);
static_assert(sizeof(StageRecord) == 40);
static_assert(sizeof(ViewRecord) == 104);
static_assert(sizeof(EventRecord) == 24);
static_assert(sizeof(SkippedRecord) == 24);
static_assert(sizeof(Result) == 76);
#endif

}  // namespace regstream::abi
