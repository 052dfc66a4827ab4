#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "message/json_reader.hpp"
#include "text/mark_scan.hpp"

namespace regstream::json {

/// The open brackets around a position, one bit each.
class Nesting {
 public:
  /// No text may be nested deeper, whatever its limit.
  static constexpr std::size_t depth_max = 128;

  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] bool is_in_object() const {
    return (kinds_[(depth_ - 1) / 64] >> ((depth_ - 1) % 64) & 1U) != 0;
  }
  /// `depth` must be below `depth_max`.
  void open(bool is_object) {
    const std::uint64_t bit = std::uint64_t{1} << (depth_ % 64);
    std::uint64_t& kinds = kinds_[depth_ / 64];
    kinds = is_object ? kinds | bit : kinds & ~bit;
    ++depth_;
  }
  void close() { --depth_; }

 private:
  std::array<std::uint64_t, depth_max / 64> kinds_{};
  std::size_t depth_ = 0;
};

/// Finds where the plain text of strings ends: at a quote, a backslash or a control character.
class StringEnds {
 public:
  StringEnds(const char* begin, const char* end);

  /// Returns the first such byte from `at` on, or the end. `at` must not be before an earlier
  /// call's.
  [[nodiscard]] const char* find(const char* at) {
    const std::ptrdiff_t offset = at - block_;
    if (offset < text::block_bytes) {
      if (const std::uint64_t marks = marks_ >> static_cast<unsigned>(offset); marks != 0) {
        return at + std::countr_zero(marks);
      }
    }
    return find_in_later_block(at);
  }

 private:
  [[nodiscard]] const char* find_in_later_block(const char* at);

  const char* begin_;
  const char* end_;
  const char* block_;
  std::uint64_t marks_ = 0;  ///< The marks of the block; the lowest bit is the first byte.
};

/// Scans a JSON text token by token and checks its grammar. After an error the scanner is at the
/// wrong byte, and must not be used any more.
class Scanner {
 public:
  Scanner(std::string_view json, std::size_t depth_max);

  /// The offset of the next byte.
  [[nodiscard]] std::size_t position() const { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] bool is_too_deep() const { return is_too_deep_; }
  [[nodiscard]] bool is_at_end() const { return at_ == end_; }
  [[nodiscard]] std::string_view since(std::size_t position) const {
    return {begin_ + position, this->position() - position};
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) {
      ++at_;
    }
  }
  /// Consumes the next byte if it is `byte`; returns whether it was.
  [[nodiscard]] bool consume_if(char byte) {
    if (at_ == end_ || *at_ != byte) {
      return false;
    }
    ++at_;
    return true;
  }
  [[nodiscard]] bool is_next(char byte) const { return at_ != end_ && *at_ == byte; }

  /// Scans a string, from its opening quote.
  [[nodiscard]] bool scan_string(Value& value);
  /// Scans a member's key with its colon and the space after it, from its opening quote.
  [[nodiscard]] bool scan_key(Value& key);
  /// Scans any value, from its first byte, `depth` brackets deep.
  [[nodiscard]] bool scan_value(Value& value, std::size_t depth);

 private:
  [[nodiscard]] bool scan_escape();
  [[nodiscard]] bool scan_number();
  [[nodiscard]] bool scan_digits();
  [[nodiscard]] bool scan_literal(std::string_view literal);
  [[nodiscard]] bool scan_scalar(Value& value);
  [[nodiscard]] bool scan_nested(std::size_t depth);

  const char* begin_;
  const char* at_;
  const char* end_;
  StringEnds string_ends_;
  std::size_t depth_max_;
  bool is_too_deep_ = false;
};

}  // namespace regstream::json
