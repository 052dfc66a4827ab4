#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>

/// Reading the outermost level of a JSON text (RFC 8259). What is nested deeper is checked, but
/// stays text.
namespace regstream::json {

enum class Kind : std::uint8_t { null, boolean, number, string, object, array };

/// A value as it stands in the input: nothing is copied.
struct Value {
  Kind kind = Kind::null;  ///< A member that is absent is null, too.
  bool has_escapes = false;
  /// Its bytes: of a string without the quotes, of an object or array with its brackets.
  std::string_view raw = {};
};

/// The text of a string's value.
[[nodiscard]] std::string text_of(const Value& string);

/// The value that `json`, which must be valid UTF-8, is the text of; nothing if it is no JSON, or
/// nested deeper.
[[nodiscard]] std::optional<Value> read_value(std::string_view json, std::size_t depth_max);

struct Limits {
  std::size_t bytes_max;
  std::size_t depth_max;
};

/// The members to take out of an object.
struct Wanted {
  std::span<const std::string_view> keys;
  /// In the order and number of `keys`. Of a key given twice the last one counts.
  std::span<Value> values;
  /// Gets the members that `keys` does not name, as a JSON text of an object; may be null.
  std::string* unknown = nullptr;
};

/// A member whose own members are read in the same pass, if it is an object.
struct Nested {
  std::size_t index = 0;  ///< Among the outer keys.
  Wanted wanted;
};

/// Reads the members of the object `json`. Errors call the text `subject`.
[[nodiscard]] std::optional<DecodeError> read_object(std::string_view subject,
                                                     std::string_view json, const Limits& limits,
                                                     const Wanted& wanted,
                                                     const Nested* nested = nullptr);

/// The elements of the array `json`, all of which must be objects; at most `elements_max`.
[[nodiscard]] std::variant<std::vector<std::string_view>, DecodeError> read_array_of_objects(
    std::string_view subject, std::string_view json, const Limits& limits,
    std::size_t elements_max);

}  // namespace regstream::json
