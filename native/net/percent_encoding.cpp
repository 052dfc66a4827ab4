#include "net/percent_encoding.hpp"

#include <cstddef>

#include "net/letter_case.hpp"

namespace regstream::net {
namespace {

/// Whether the text begins with a percent sign and two hexadecimal digits.
bool begins_with_encoded_byte(std::string_view text) {
  const auto is_hexadecimal = [](char byte) {
    return is_digit(byte) || (ascii_lower(byte) >= 'a' && ascii_lower(byte) <= 'f');
  };
  return text.size() >= 3 && text[0] == '%' && is_hexadecimal(text[1]) && is_hexadecimal(text[2]);
}

}  // namespace

std::string encode_path_and_query(std::string_view text) {
  // RFC 3986, 3.3 and 3.4: unreserved, sub-delims, `:`, `@` and `/`, in a query `?` as well. The
  // WHATWG standard encodes the apostrophe in a query.
  constexpr std::string_view marks_in_path = "-._~!$&'()*+,;=:@/";
  constexpr std::string_view marks_in_query = "-._~!$&()*+,;=:@/?";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  std::string_view marks = marks_in_path;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char byte = text[index];
    if (is_letter(byte) || is_digit(byte) || marks.find(byte) != std::string_view::npos ||
        begins_with_encoded_byte(text.substr(index))) {
      encoded += byte;
    } else if (byte == '?') {
      encoded += byte;
      marks = marks_in_query;
    } else {
      const auto value = static_cast<unsigned char>(byte);
      encoded += {'%', digits[value >> 4U], digits[value & 0xFU]};
    }
  }
  return encoded;
}

}  // namespace regstream::net
