#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What one call hands to JavaScript: records of fixed size, and all their text in one piece, which
/// JavaScript decodes once and then cuts. A decoder's call costs more than most texts that a record
/// has.
namespace regstream::wasm {

/// A part of a batch's text, in the UTF-16 units that JavaScript cuts strings by.
struct Slice {
  std::uint32_t begin = 0;
  std::uint32_t size = 0;
};

/// How many UTF-16 units the well-formed UTF-8 text takes.
[[nodiscard]] std::size_t utf16_size(std::string_view text);

template <typename Record>
class Batch {
 public:
  void clear() {
    records_.clear();
    text_.clear();
    units_ = 0;
    // One large message must not hold its memory for the rest of the day.
    if (text_.capacity() > kept_bytes_max) {
      text_.shrink_to_fit();
    }
  }

  /// `text` must be well-formed.
  [[nodiscard]] Slice append(std::string_view text) {
    const Slice slice{units_, static_cast<std::uint32_t>(utf16_size(text))};
    text_.append(text);
    units_ += slice.size;
    return slice;
  }
  Record& add() { return records_.emplace_back(); }

  [[nodiscard]] const std::vector<Record>& records() const { return records_; }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  static constexpr std::size_t kept_bytes_max = std::size_t{1} << 20U;

  std::vector<Record> records_;
  std::string text_;
  std::uint32_t units_ = 0;
};

}  // namespace regstream::wasm
