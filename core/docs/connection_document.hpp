#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The generated part of core/docs/connection.md: drawn from the table of transitions, and from the
/// comments on the enumerators beside it.
namespace regstream::docs {

/// An enumerator, and the comment that says what it means.
struct Enumerator {
  std::string name;
  std::string meaning;
};

/// The enumerators of `enum class name` in a header of this project, in order. Knows this project's
/// way to write them, one a line with a `///<`, and nothing more of C++. Empty: no such enum.
[[nodiscard]] std::vector<Enumerator> enumerators(std::string_view header, std::string_view name);

/// The diagram and the tables, as Markdown. `header` is the text of transitions.hpp.
[[nodiscard]] std::string describe_connection(std::string_view header);

/// `document` with `generated` between its markers in place of what stands there. Nothing: it has
/// no markers.
[[nodiscard]] std::optional<std::string> with_generated(std::string_view document,
                                                        std::string_view generated);

}  // namespace regstream::docs
