#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace regstream::json_fields {

/// Why a text is refused as a JSON object.
struct JsonFault {
  enum class Kind : std::uint8_t {
    no_json,           ///< Not JSON (RFC 8259); `position` is the first wrong byte.
    no_object,         ///< It is another kind of value.
    number_too_large,  ///< A number that no double can hold (section 6); `position` is its last
                       ///< byte.
    member_twice,      ///< `name` occurs twice; two readers might use different ones (section 4).
    too_deep,
    too_many_values,
  };
  Kind kind{};
  std::size_t position = 0;  ///< The first byte is 1. 0 for the other kinds.
  std::string name = {};
};

struct JsonBounds {
  std::size_t depth_max;  ///< The deepest nesting of objects and arrays.
  /// The number of values at all depths. A program that builds a tree pays for each.
  std::size_t values_max = std::numeric_limits<std::size_t>::max();
};

/// The first fault of a text that must be one JSON object in UTF-8, with nothing after it. Nothing
/// if it has none. Holds only the names of the open objects, so its memory is at most a small
/// multiple of the text's size.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text, JsonBounds bounds);

}  // namespace regstream::json_fields
