#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Writes one JSON object, member after member.
namespace regstream::json {

/// Appends `text` as a JSON string. Every control character is escaped, so the result has no line
/// end. Ill-formed UTF-8 becomes U+FFFD.
void append_string(std::string& out, std::string_view text);

/// Appends `value` in decimal digits.
void append_integer(std::string& out, std::int64_t value);

class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_.push_back('{'); }

  void string(std::string_view key, std::string_view text);
  void string_or_null(std::string_view key, std::string_view text);
  void integer(std::string_view key, std::int64_t value);
  /// A `value` of 0 means unknown, and is written as null.
  void timestamp_or_null(std::string_view key, std::int64_t value);
  void boolean(std::string_view key, bool value);
  /// Writes `json` as it is; empty becomes null.
  void raw_or_null(std::string_view key, std::string_view json);

  /// Writes the members of the object `json` as they are; empty has none.
  void members(std::string_view json);

  /// Appends the key; the caller appends its value to the same string.
  void key(std::string_view key);

  void end() { out_.push_back('}'); }

 private:
  void separate();

  std::string& out_;
  bool is_empty_ = true;
};

}  // namespace regstream::json
