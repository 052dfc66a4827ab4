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

/// Reads the outermost level of a JSON text (RFC 8259). Deeper levels are checked, but stay text.
namespace regstream::json {

enum class Kind : std::uint8_t { null, boolean, number, string, object, array };

/// A value as a view into the input.
struct Value {
  Kind kind = Kind::null;  ///< A member that is absent is null, too.
  bool has_escapes = false;
  /// Its bytes: a string's without the quotes, an object's or array's with the brackets.
  std::string_view raw = {};
};

/// Returns a string's text, without escapes.
[[nodiscard]] std::string text_of(const Value& string);

/// Reads the one value in `json`, which must be valid UTF-8. Nothing if it is not JSON, or nested
/// deeper than `depth_max`.
[[nodiscard]] std::optional<Value> read_value(std::string_view json, std::size_t depth_max);

struct Limits {
  std::size_t bytes_max;
  std::size_t depth_max;
};

/// The members to read from an object.
struct Wanted {
  std::span<const std::string_view> keys;
  /// In the order and number of `keys`. If a key occurs twice, the last value counts.
  std::span<Value> values;
  /// Receives the members that are not in `keys`, as the JSON text of an object; may be null.
  std::string* unknown = nullptr;
};

/// A member whose own members are read in the same pass, if it is an object.
struct Nested {
  std::size_t index = 0;  ///< Among the outer keys.
  Wanted wanted;
};

/// Reads the members of the object `json`. Error messages call the text `subject`.
[[nodiscard]] std::optional<DecodeError> read_object(std::string_view subject,
                                                     std::string_view json, const Limits& limits,
                                                     const Wanted& wanted,
                                                     const Nested* nested = nullptr);

/// Returns the elements of the array `json`, all of which must be objects; at most `elements_max`.
[[nodiscard]] std::variant<std::vector<std::string_view>, DecodeError> read_array_of_objects(
    std::string_view subject, std::string_view json, const Limits& limits,
    std::size_t elements_max);

}  // namespace regstream::json
