#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regstream::configuration {

/// "; did you mean NAME?" with the name that is nearest to `wrong` by the Damerau-Levenshtein
/// distance (a letter added, missing, changed, or two swapped). Empty if no name is near, or if
/// `wrong` has more than 64 bytes.
[[nodiscard]] std::string suggest_name(std::string_view wrong,
                                       const std::vector<std::string>& names);

}  // namespace regstream::configuration
