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

/// Reading the outermost level of a JSON text. What is nested deeper is checked, but stays text.
namespace regstream::json {

enum class Kind : std::uint8_t { null, boolean, number, string, object, array };

struct Value {
  Kind kind = Kind::null;  ///< A member that is absent is null, too.
  bool boolean = false;
  double number = 0;  ///< Exact for every integer up to 2^53.
  std::string string = {};
  std::string_view raw = {};  ///< Of an object or array: its bytes in the input, with its brackets.
};

struct Limits {
  std::size_t bytes_max;
  std::size_t depth_max;
};

/// Reads the members of the object `json` that `keys` names into `values`, which has their order
/// and number. Of a key given twice the last one counts. Errors call the text `subject`.
[[nodiscard]] std::optional<DecodeError> read_object(std::string_view subject,
                                                     std::string_view json, const Limits& limits,
                                                     std::span<const std::string_view> keys,
                                                     std::span<Value> values);

/// The elements of the array `json`, all of which must be objects; at most `elements_max`.
[[nodiscard]] std::variant<std::vector<std::string_view>, DecodeError> read_array_of_objects(
    std::string_view subject, std::string_view json, const Limits& limits,
    std::size_t elements_max);

}  // namespace regstream::json
