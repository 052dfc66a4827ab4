#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regstream::configuration {

/// "; did you mean NAME?" with the one of `names` that is fewest slips away from `wrong` (a letter
/// more, less, another, or two swapped: the distance of Damerau and Levenshtein). Empty if none is
/// near, as for a `wrong` of more than 64 bytes.
[[nodiscard]] std::string suggest_name(std::string_view wrong,
                                       const std::vector<std::string>& names);

}  // namespace regstream::configuration
