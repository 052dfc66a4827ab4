#pragma once

#include <cstdint>

#include <regstream/session/stream_session.hpp>

/// The results that calls leave in memory for JavaScript: records with a fixed layout, which is
/// part of the ABI (src/core/ has the same offsets). Text is apart from them, in one piece for each
/// batch, since one call of a decoder costs JavaScript more than most texts of a record.
namespace regstream::abi {

/// A part of a batch's text, in UTF-16 units, by which JavaScript cuts strings; in bytes where a
/// comment says so.
struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// Bytes anywhere in memory. An address has 32 bits in WASM, and 64 in a native test.
struct Bytes {
  std::uintptr_t address = 0;
  std::uint32_t size = 0;
};

/// One message of the stream. All members but `kind`, `message`, `epoch` and `sequence` are set for
/// updates only.
struct MessageRecord {
  double instance_id = 0;  ///< 0 if the workflow's ids are text: `text_id`.
  double timestamp_ms = 0;
  /// The event id, or the final update's in an `end`. 0: it has none, or one that no double holds.
  double epoch = 0;
  double sequence = 0;
  Slice text_id;
  Slice status;   ///< Set if `known_status` is 0.
  Slice stage;    ///< Set if `known_stage` is 0.
  Slice message;  ///< Also the problem of a malformed or too large message.
  /// Bytes of `Result::cursors`: the id that a reconnect after this message resumes from.
  Slice cursor;
  /// Bytes of `Result::json`: an object with the members that have no field here; empty if there
  /// are none.
  Slice json;
  MessageKind kind = MessageKind::other;
  std::uint8_t known_status = 0;  ///< One more than its index among the workflow's statuses.
  std::uint8_t known_stage = 0;   ///< One more than its index among the workflow's stages.
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

/// An instance's view. A view without a status means that nothing is known and that updates may
/// have been missed.
struct ViewRecord {
  double instance_id = 0;  ///< 0 if the workflow's ids are text: `text_id`.
  double timestamp_ms = 0;
  /// The text of all views of the batch and their stages; not the messages' text.
  Bytes text;
  std::uintptr_t stages = 0;  ///< The address of `stage_count` records.
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
  std::uint32_t before = 0;  ///< The index of the batch's event that followed it.
  std::uint32_t reason = 0;  ///< An `sse::SkipReason`.
  Slice last_event_id;
};

/// A call's results beyond its return value. Each call says which of these it sets.
struct Result {
  Bytes text;   ///< UTF-8: the records' text, or the call's.
  Bytes query;  ///< UTF-8: the request's query.
  std::uint32_t attempt = 0;
  std::uint32_t to = 0;
  std::uint32_t reason = 0;
  std::uint32_t is_connected = 0;
  std::uintptr_t records = 0;
  Bytes json;
  Bytes cursors;
  /// The part of `cursors` from here on is the id that a reconnect after the batch resumes from.
  std::uint32_t cursor_begin = 0;
  /// The `ViewRecord`s of changed views, in the order of the stream's ids.
  std::uintptr_t views = 0;
  std::uint32_t view_count = 0;
  std::uintptr_t skipped = 0;
  std::uint32_t skipped_count = 0;
  std::uint32_t resets = 0;  ///< How many times updates may have been missed in the batch.
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
