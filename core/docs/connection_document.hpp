#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The generated part of core/docs/connection.md: made from the table of transitions and from the
/// comments on the enumerators in the same header.
namespace regstream::docs {

/// An enumerator, and the comment that explains it.
struct Enumerator {
  std::string name;
  std::string meaning;
};

/// Returns the enumerators of `enum class name` in a header of this project, in order. It only
/// knows the style of this project: one a line, with a `///<` comment. Empty: no such enum.
[[nodiscard]] std::vector<Enumerator> enumerators(std::string_view header, std::string_view name);

/// The diagram and the tables, as Markdown. `header` is the text of transitions.hpp.
[[nodiscard]] std::string describe_connection(std::string_view header);

/// Returns `document` with `generated` in place of the text between its markers. Nothing: it has no
/// markers.
[[nodiscard]] std::optional<std::string> with_generated(std::string_view document,
                                                        std::string_view generated);

}  // namespace regstream::docs
