#pragma once

#include <algorithm>
#include <string_view>

namespace regstream::net {

[[nodiscard]] constexpr char ascii_lower(char character) {
  return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                              : character;
}

[[nodiscard]] constexpr bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

[[nodiscard]] constexpr bool is_letter(char byte) {
  return ascii_lower(byte) >= 'a' && ascii_lower(byte) <= 'z';
}

/// Whether two texts are equal except for the case of ASCII letters, as most names in HTTP are
/// compared. Not Boost's own functions: those of 1.81, in Beast and in URL, read one byte past the
/// text.
[[nodiscard]] constexpr bool equals_ignoring_case(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char one, char other) { return ascii_lower(one) == ascii_lower(other); });
}

}  // namespace regstream::net
