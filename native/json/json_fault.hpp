#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace regstream::json_fields {

/// Why a text of others is not taken as a JSON object.
struct JsonFault {
  enum class Kind : std::uint8_t {
    no_json,           ///< RFC 8259; `position` is the byte that does not fit.
    no_object,         ///< It is another value.
    number_too_large,  ///< No double holds it (section 6); `position` is its last byte.
    member_twice,      ///< `name` is; of two readers each might see another one (section 4).
    too_deep,
    too_many_values,
  };
  Kind kind{};
  std::size_t position = 0;  ///< The first byte is 1. Of the other kinds: 0.
  std::string name = {};
};

struct JsonBounds {
  std::size_t depth_max;  ///< Objects and arrays in each other.
  /// Of all depths together. Whoever makes a tree of them pays for each.
  std::size_t values_max = std::numeric_limits<std::size_t>::max();
};

/// The first fault of a text that should be one JSON object in UTF-8, and nothing behind it.
/// Nothing: it has none. Holds the names of the objects that are open, and no more, so a text costs
/// no more memory than it has bytes, times a small number.
[[nodiscard]] std::optional<JsonFault> find_json_fault(std::string_view text, JsonBounds bounds);

}  // namespace regstream::json_fields
