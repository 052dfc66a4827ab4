#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Where in a JSON text its values stand, so that a message about one can say so.
namespace regstream::json_fields {

/// What is wrong with a JSON text, and where.
struct JsonProblem {
  std::size_t line = 0;
  std::string field;       ///< "connections[0].steps[2].after"; empty: the whole text.
  std::string what;        ///< A sentence without its full stop.
  bool is_syntax = false;  ///< The text is no JSON; `what` has the parser's own words.
};

struct JsonLimits {
  std::size_t bytes_max = 1U << 20U;
  std::size_t depth_max = 32;        ///< A scenario's own is 6; the rest is for updates.
  std::size_t values_max = 100'000;  ///< Each costs a place in the map below,
  /// and its field, which is as long as all the names around it.
  std::size_t fields_bytes_max = 16U << 20U;
};

/// The line of every value, by its field. Lines begin with 1; a value that spans several stands
/// where it begins.
using JsonLines = std::map<std::string, std::size_t, std::less<>>;

/// Reads a whole text. Wrong are: what is no JSON (its line is that of the first byte that can't go
/// on with what stands before it), a key given twice (of which one would be ignored
/// in silence), and what exceeds the limits.
[[nodiscard]] std::variant<JsonLines, JsonProblem> read_json_lines(std::string_view text,
                                                                   const JsonLimits& limits = {});

/// "steps" and "after" → "steps.after"
[[nodiscard]] std::string member_field(std::string_view object, std::string_view name);
/// "steps" and 2 → "steps[2]"
[[nodiscard]] std::string element_field(std::string_view array, std::size_t index);

}  // namespace regstream::json_fields
