#include "wasm/records_read.hpp"

#include <algorithm>
#include <stdexcept>

#include "abi.hpp"
#include "batch.hpp"

namespace regstream::abi::read {
namespace {

std::string_view at(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.address), bytes.size};
}

std::string part(std::string_view text, const Slice& bytes) {
  if (bytes.begin > text.size() || bytes.size > text.size() - bytes.begin) {
    throw std::out_of_range("a part that is not in its bytes");
  }
  return std::string(text.substr(bytes.begin, bytes.size));
}

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

/// Cuts text by UTF-16 units, as JavaScript does once it has decoded it.
class Text {
 public:
  explicit Text(std::string_view text) : text_(text) {
    for (std::size_t index = 0; index < text.size(); ++index) {
      if (begins_character(text[index])) {
        begins_.push_back(index);
        // The second unit of a surrogate pair begins no character.
        if (static_cast<unsigned char>(text[index]) >= 0xF0U) {
          begins_.push_back(std::string::npos);
        }
      }
    }
    begins_.push_back(text.size());
  }

  [[nodiscard]] std::string cut(const Slice& slice) const {
    // An empty slice may have any position, and is not looked up.
    if (slice.size == 0) {
      return {};
    }
    const std::size_t begin = begins_.at(slice.begin);
    const std::size_t end = begins_.at(std::size_t{slice.begin} + slice.size);
    if (begin == std::string::npos || end == std::string::npos) {
      throw std::out_of_range("a slice that cuts a character in two");
    }
    return std::string(text_.substr(begin, end - begin));
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> begins_;  ///< The beginning of each unit's character.
};

/// How far consecutive parts reach without a gap between them. Rests of an earlier batch would be a
/// gap.
class Cover {
 public:
  void add(const Slice& part) {
    if (part.begin > end_ && part.size > 0) {
      throw std::out_of_range("bytes that no record names");
    }
    end_ = std::max(end_, part.begin + part.size);
  }
  [[nodiscard]] std::uint32_t end() const { return end_; }

 private:
  std::uint32_t end_ = 0;
};

template <typename Record>
const Record* records(std::uintptr_t address) {
  return reinterpret_cast<const Record*>(address);
}

View view(const ViewRecord& record) {
  const Text text(at(record.text));
  View view{.record = record,
            .text_id = text.cut(record.text_id),
            .status = text.cut(record.status),
            .stage = text.cut(record.stage),
            .message = text.cut(record.message),
            .id = text.cut(record.id),
            .details = std::string(at(record.details)),
            .process_log = std::string(at(record.process_log)),
            .stages = {}};
  for (std::uint32_t index = 0; index < record.stage_count; ++index) {
    const StageRecord& stage = records<StageRecord>(record.stages)[index];
    view.stages.push_back(
        {.record = stage, .name = text.cut(stage.name), .message = text.cut(stage.message)});
  }
  return view;
}

}  // namespace

Batch batch(std::int32_t count) {
  Batch batch;
  if (count < 0) {
    return batch;
  }
  const Result& left = *result();
  const Text text(at(left.text));
  for (std::int32_t index = 0; index < count; ++index) {
    const MessageRecord& record = records<MessageRecord>(left.records)[index];
    batch.messages.push_back({.record = record,
                              .text_id = text.cut(record.text_id),
                              .status = text.cut(record.status),
                              .stage = text.cut(record.stage),
                              .message = text.cut(record.message),
                              .cursor = part(at(left.cursors), record.cursor),
                              .json = part(at(left.json), record.json)});
  }
  batch.cursor_at_end =
      part(at(left.cursors), {left.cursor_begin, left.cursors.size - left.cursor_begin});
  Cover cursors;
  Cover json;
  for (const Message& message : batch.messages) {
    cursors.add(message.record.cursor);
    json.add(message.record.json);
  }
  cursors.add({left.cursor_begin, left.cursors.size - left.cursor_begin});
  if (cursors.end() != left.cursors.size || json.end() != left.json.size) {
    throw std::out_of_range("bytes that no record names");
  }
  for (std::uint32_t index = 0; index < left.view_count; ++index) {
    batch.views.push_back(view(records<ViewRecord>(left.views)[index]));
  }
  return batch;
}

Events events(std::uint32_t count) {
  Events events;
  const Result& left = *result();
  const Text text(count == 0 && left.skipped_count == 0 ? std::string_view() : at(left.text));
  for (std::uint32_t index = 0; index < count; ++index) {
    const EventRecord& record = records<EventRecord>(left.records)[index];
    events.events.push_back({.type = text.cut(record.type),
                             .data = text.cut(record.data),
                             .last_event_id = text.cut(record.last_event_id)});
  }
  for (std::uint32_t index = 0; index < left.skipped_count; ++index) {
    const SkippedRecord& record = records<SkippedRecord>(left.skipped)[index];
    events.skipped.push_back({.record = record, .last_event_id = text.cut(record.last_event_id)});
  }
  return events;
}

std::string_view result_text() {
  return at(result()->text);
}

std::string_view result_query() {
  return at(result()->query);
}

}  // namespace regstream::abi::read
