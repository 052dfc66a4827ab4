#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <regstream/sse/parser.hpp>

#include "batch.hpp"

namespace regstream::abi {

/// The core's parser, a chunk's events at a time.
class EventParser {
 public:
  EventParser(const sse::ParserLimits& limits, std::string last_event_id)
      : parser_(limits, std::move(last_event_id)) {}

  /// Reads the next bytes, and writes records of what they complete.
  void push(std::string_view bytes);
  void begin_connection();

  // What the last call brought.
  [[nodiscard]] const Records<EventRecord>& events() const { return events_; }
  [[nodiscard]] const Records<SkippedRecord>& skipped() const { return skipped_; }
  [[nodiscard]] std::string_view text() const { return text_.text(); }

  [[nodiscard]] const sse::Parser& parser() const { return parser_; }

 private:
  void clear();
  void add(const sse::Event& event);
  [[nodiscard]] Slice append_id(std::string_view last_event_id);

  sse::Parser parser_;
  Records<EventRecord> events_;
  Records<SkippedRecord> skipped_;
  BatchText text_;
  std::string id_;  ///< Of the batch's last event: the next one's is the same as a rule.
  Slice id_slice_;
};

}  // namespace regstream::abi
