#pragma once

#include <algorithm>
#include <string_view>

namespace regstream::text {

/// ASCII's, whatever the locale.
inline bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// One digit or more, and nothing else.
inline bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace regstream::text
