#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "records.hpp"

namespace regstream::abi {

/// Empties a buffer of a batch. Keeps its memory for the next batch, unless it is large: one large
/// batch must not hold it for the rest of the day.
void clear_batch(std::string& bytes);

/// Returns the number of UTF-16 units of a well-formed UTF-8 text.
[[nodiscard]] std::size_t utf16_size(std::string_view text);

/// The text of a batch.
class BatchText {
 public:
  void clear();
  /// `text` must be well-formed.
  [[nodiscard]] Slice append(std::string_view text);
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string text_;
  std::uint32_t units_ = 0;
};

/// Records of one kind, in sequence. They are kept in a string, so that the code that grows it is
/// in the module once, and not once for each kind.
template <typename Record>
class Records {
  static_assert(std::is_trivially_copyable_v<Record>);
  // Larger than a string's inline buffer, so the bytes are allocated, and aligned for everything.
  static_assert(sizeof(Record) >= 24 && alignof(Record) <= alignof(double));

 public:
  void clear() { clear_batch(bytes_); }
  /// Valid until the next `add`.
  Record& add() {
    bytes_.append(sizeof(Record), '\0');
    return *new (bytes_.data() + bytes_.size() - sizeof(Record)) Record;
  }
  [[nodiscard]] Record& operator[](std::uint32_t index) {
    return *reinterpret_cast<Record*>(bytes_.data() + index * sizeof(Record));
  }
  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(bytes_.size() / sizeof(Record));
  }
  [[nodiscard]] std::uintptr_t address() const {
    return reinterpret_cast<std::uintptr_t>(bytes_.data());
  }

 private:
  std::string bytes_;
};

/// The result of one call that reads a stream's bytes, for JavaScript to read. The module has one
/// batch, so that the memory for a chunk is bounded however many clients and parsers there are: a
/// call that fills it empties it first, and JavaScript reads a batch before it makes the next call.
struct Batch {
  BatchText text;  ///< The text of the messages, or of the events and the skipped events.
  Records<MessageRecord> messages;
  std::string json;
  /// Cursors are apart from the text: few are read, while the records' text is decoded whole.
  std::string cursors;

  Records<ViewRecord> views;  ///< The views that changed.
  BatchText view_text;
  Records<StageRecord> stages;

  Records<EventRecord> events;
  Records<SkippedRecord> skipped;

  void clear();
};

/// Returns the module's batch, emptied.
[[nodiscard]] Batch& begin_batch();

}  // namespace regstream::abi
