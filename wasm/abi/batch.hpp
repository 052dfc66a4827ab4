#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>

#include "records.hpp"

namespace regstream::abi {

/// Empties what a batch has filled. Its memory stays for the next batch, unless it is much: one
/// large batch must not hold that for the rest of the day.
void clear_batch(std::string& bytes);

/// How many UTF-16 units the well-formed UTF-8 text takes.
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

/// Records of one kind, one behind the other. They stand in a string, so that what makes room for
/// more of them is in the module once, and not for each kind.
template <typename Record>
class Records {
  static_assert(std::is_trivially_copyable_v<Record>);
  // Larger than what a string holds without an allocation, which is aligned for everything.
  static_assert(sizeof(Record) >= 24 && alignof(Record) <= alignof(double));

 public:
  void clear() { clear_batch(bytes_); }
  /// Holds until the next `add`.
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

/// What one call makes of a stream's bytes for JavaScript to read. There is one for the module, so
/// that what a chunk can take is bounded however many clients and parsers there are: a call that
/// fills it empties it first, and JavaScript reads a batch before it makes the next call.
struct Batch {
  BatchText text;  ///< Of the messages, or of the events and what was skipped.
  Records<MessageRecord> messages;
  std::string json;
  /// Cursors stand apart: few are read, while the records' text is decoded whole.
  std::string cursors;

  Records<ViewRecord> views;  ///< Of what changed.
  BatchText view_text;
  Records<StageRecord> stages;

  Records<EventRecord> events;
  Records<SkippedRecord> skipped;

  void clear();
};

/// The module's one, empty.
[[nodiscard]] Batch& begin_batch();

}  // namespace regstream::abi
