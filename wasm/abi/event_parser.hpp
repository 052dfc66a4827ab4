#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <regstream/sse/parser.hpp>

#include "batch.hpp"

namespace regstream::wasm {

/// A dispatched event. Part of the ABI.
struct EventRecord {
  Slice type;  ///< Empty: "message".
  Slice data;
  Slice last_event_id;
};

/// An event over a limit. Part of the ABI.
struct SkippedRecord {
  double bytes = 0;
  std::uint32_t before = 0;  ///< The event of the batch that came next.
  std::uint32_t reason = 0;  ///< An `sse::SkipReason`.
  Slice last_event_id;
};

/// The core's parser, a chunk's events at a time.
class EventParser {
 public:
  EventParser(const sse::ParserLimits& limits, std::string last_event_id)
      : parser_(limits, std::move(last_event_id)) {}

  /// Takes the next bytes; what they complete is the batch until the next call.
  void push(std::string_view bytes);
  void begin_connection();

  [[nodiscard]] const Batch<EventRecord>& batch() const { return batch_; }
  [[nodiscard]] const sse::Parser& parser() const { return parser_; }
  [[nodiscard]] const std::vector<SkippedRecord>& skipped() const { return skipped_; }

 private:
  void add(const sse::Event& event);
  [[nodiscard]] Slice append_id(std::string_view last_event_id);

  sse::Parser parser_;
  Batch<EventRecord> batch_;
  std::string id_;  ///< Of the batch's last event: the next one's is the same as a rule.
  Slice id_slice_;
  std::vector<SkippedRecord> skipped_;
};

}  // namespace regstream::wasm
