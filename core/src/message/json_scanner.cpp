#include "message/json_scanner.hpp"

#include <algorithm>

#include "message/json_number.hpp"
#include "text/digits.hpp"

namespace regstream::json {
namespace {

using text::is_digit;

/// A number with fewer characters and without an exponent fits into a double.
constexpr std::ptrdiff_t largest_double_digits = 309;

/// The bytes that need no escape in a string.
struct PlainText {
  static bool has(char byte) {
    return byte != '"' && byte != '\\' && static_cast<unsigned char>(byte) >= ' ';
  }
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  static text::Vector has(text::Vector bytes) {
    return text::both(text::both(text::differs(bytes, '"'), text::differs(bytes, '\\')),
                      text::reaches(bytes, ' '));
  }
#endif
};

}  // namespace

StringEnds::StringEnds(const char* begin, const char* end)
    : begin_(begin), end_(end), block_(begin) {
  if (begin != end) {
    marks_ = text::mark_others<PlainText>(begin, begin, end);
  }
}

const char* StringEnds::find_in_later_block(const char* at) {
  while (true) {
    if (end_ - block_ <= text::block_bytes) {
      return end_;
    }
    block_ += text::block_bytes;
    marks_ = text::mark_others<PlainText>(begin_, block_, end_);
    const std::ptrdiff_t offset = at - block_;
    if (offset >= text::block_bytes) {
      continue;
    }
    const std::uint64_t marks = offset > 0 ? marks_ >> static_cast<unsigned>(offset) : marks_;
    if (marks != 0) {
      return (offset > 0 ? at : block_) + std::countr_zero(marks);
    }
  }
}

Scanner::Scanner(std::string_view json, std::size_t depth_max)
    : begin_(json.data()),
      at_(begin_),
      end_(begin_ + json.size()),
      string_ends_(begin_, end_),
      depth_max_(std::min(depth_max, Nesting::depth_max)) {}

bool Scanner::scan_string(Value& value) {
  if (!consume_if('"')) {
    return false;
  }
  const char* const text = at_;
  value.kind = Kind::string;
  value.has_escapes = false;
  while (true) {
    at_ = string_ends_.find(at_);
    if (at_ == end_) {
      return false;
    }
    if (*at_ == '"') {
      value.raw = {text, static_cast<std::size_t>(at_ - text)};
      ++at_;
      return true;
    }
    value.has_escapes = true;
    if (!consume_if('\\') || !scan_escape()) {
      return false;
    }
  }
}

bool Scanner::scan_key(Value& key) {
  if (!scan_string(key)) {
    return false;
  }
  skip_space();
  if (!consume_if(':')) {
    return false;
  }
  skip_space();
  return true;
}

/// Scans an escape, after its backslash. Half of a surrogate pair is valid JSON (RFC 8259, section
/// 8.2), though not a character.
bool Scanner::scan_escape() {
  if (at_ == end_) {
    return false;
  }
  if (*at_ != 'u') {
    constexpr std::string_view letters = "\"\\/bfnrt";
    return letters.find(*at_) != std::string_view::npos && consume_if(*at_);
  }
  ++at_;
  for (int count = 0; count < 4; ++count, ++at_) {
    if (at_ == end_) {
      return false;
    }
    const char letter = static_cast<char>(*at_ | 0x20);
    if (!is_digit(*at_) && (letter < 'a' || letter > 'f')) {
      return false;
    }
  }
  return true;
}

bool Scanner::scan_digits() {
  const char* const first = at_;
  while (at_ != end_ && is_digit(*at_)) {
    ++at_;
  }
  return at_ != first;
}

bool Scanner::scan_number() {
  const char* const first = at_;
  (void)consume_if('-');
  if (!consume_if('0') && !scan_digits()) {
    return false;
  }
  if (consume_if('.') && !scan_digits()) {
    return false;
  }
  if (consume_if('e') || consume_if('E')) {
    if (!consume_if('+')) {
      (void)consume_if('-');
    }
    if (!scan_digits()) {
      return false;
    }
  } else if (at_ - first < largest_double_digits) {
    return true;
  }
  if (is_finite({first, static_cast<std::size_t>(at_ - first)})) {
    return true;
  }
  at_ = first;
  return false;
}

bool Scanner::scan_literal(std::string_view literal) {
  for (const char byte : literal) {
    if (!consume_if(byte)) {
      return false;
    }
  }
  return true;
}

bool Scanner::scan_scalar(Value& value) {
  if (at_ == end_) {
    return false;
  }
  const char* const first = at_;
  bool is_valid = false;
  switch (*at_) {
    case '"':
      return scan_string(value);
    case 'n':
      value.kind = Kind::null;
      is_valid = scan_literal("null");
      break;
    case 't':
      value.kind = Kind::boolean;
      is_valid = scan_literal("true");
      break;
    case 'f':
      value.kind = Kind::boolean;
      is_valid = scan_literal("false");
      break;
    default:
      value.kind = Kind::number;
      is_valid = scan_number();
  }
  value.raw = {first, static_cast<std::size_t>(at_ - first)};
  return is_valid;
}

bool Scanner::scan_value(Value& value, std::size_t depth) {
  if (!is_next('{') && !is_next('[')) {
    return scan_scalar(value);
  }
  const char* const first = at_;
  value.kind = *at_ == '{' ? Kind::object : Kind::array;
  const bool is_valid = scan_nested(depth);
  value.raw = {first, static_cast<std::size_t>(at_ - first)};
  return is_valid;
}

/// Scans an object or array with everything in it. A loop, so that no input can exhaust the stack.
bool Scanner::scan_nested(std::size_t depth) {
  Nesting nesting;
  Value ignored;
  while (true) {
    // At the first byte of a value.
    if (is_next('{') || is_next('[')) {
      if (depth + nesting.depth() >= depth_max_) {
        is_too_deep_ = true;
        return false;
      }
      const bool is_object = *at_ == '{';
      nesting.open(is_object);
      ++at_;
      skip_space();
      if (!is_next(is_object ? '}' : ']')) {
        if (is_object && !scan_key(ignored)) {
          return false;
        }
        continue;
      }
    } else if (!scan_scalar(ignored)) {
      return false;
    }
    // Behind a value, or before the bracket that closes an empty object or array.
    while (true) {
      skip_space();
      if (consume_if(',')) {
        skip_space();
        if (nesting.is_in_object() && !scan_key(ignored)) {
          return false;
        }
        break;
      }
      if (!consume_if(nesting.is_in_object() ? '}' : ']')) {
        return false;
      }
      nesting.close();
      if (nesting.depth() == 0) {
        return true;
      }
    }
  }
}

}  // namespace regstream::json
