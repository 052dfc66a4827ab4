#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// The lines of the values of a JSON text, for error messages.
namespace regstream::json_fields {

/// A mistake in a JSON text, and where it is.
struct JsonProblem {
  std::size_t line = 0;
  std::string field;       ///< "connections[0].steps[2].after"; empty: the whole text.
  std::string what;        ///< A sentence without its full stop.
  bool is_syntax = false;  ///< The text is not JSON; `what` is the parser's own message.
};

struct JsonLimits {
  std::size_t bytes_max = 1U << 20U;
  std::size_t depth_max = 32;        ///< A scenario itself has 6 levels; the rest is for updates.
  std::size_t values_max = 100'000;  ///< Each value needs a place in the map below,
  /// and its field, which is as long as all names around it.
  std::size_t fields_bytes_max = 16U << 20U;
};

/// The line of every value, by its field. The first line is 1. A value of several lines has the
/// line where it begins.
using JsonLines = std::map<std::string, std::size_t, std::less<>>;

/// Reads a whole text. Mistakes are: text that is not JSON (at the line of the first wrong byte), a
/// key given twice (one of them would be ignored silently), and text over the limits.
[[nodiscard]] std::variant<JsonLines, JsonProblem> read_json_lines(std::string_view text,
                                                                   const JsonLimits& limits = {});

/// "steps" and "after" → "steps.after"
[[nodiscard]] std::string member_field(std::string_view object, std::string_view name);
/// "steps" and 2 → "steps[2]"
[[nodiscard]] std::string element_field(std::string_view array, std::size_t index);

}  // namespace regstream::json_fields
