#pragma once

#include <algorithm>
#include <string_view>

namespace regstream::net {

[[nodiscard]] constexpr char ascii_lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

/// Whether two texts differ in the case of ASCII letters at most, as most names in HTTP may. By
/// hand: Boost's own (1.81, in Beast and in URL) read the byte behind their texts.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char one, char other) { return ascii_lower(one) == ascii_lower(other); });
}

}  // namespace regstream::net
