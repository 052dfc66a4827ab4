#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace regstream::text {

/// An ASCII digit, whatever the locale.
inline bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

/// Whether the text is one or more digits, and nothing else.
inline bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

/// Appends `number` in decimal. It does not use `std::to_chars`, whose tables cost the WASM module
/// half a kilobyte.
inline void append_digits(std::string& out, std::uint64_t number) {
  // Written from the end.
  std::array<char, std::numeric_limits<std::uint64_t>::digits10 + 1> digits;
  std::size_t begin = digits.size();
  do {
    digits[--begin] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  out.append(digits.data() + begin, digits.size() - begin);
}

}  // namespace regstream::text
