#include "access/base64url.hpp"

#include <cstddef>
#include <cstdint>

namespace regstream::access {
namespace {

constexpr std::string_view base64url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string encode_base64url(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned count = 0;  // How many bits are not yet written.
  for (const char byte : bytes) {
    bits = bits << 8U | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) {
      text.push_back(base64url_digits[bits >> (count - 6) & 0x3FU]);
    }
  }
  if (count > 0) {
    text.push_back(base64url_digits[bits << (6 - count) & 0x3FU]);
  }
  return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char character : text) {
    const std::size_t digit = base64url_digits.find(character);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    bits = bits << 6U | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>(static_cast<unsigned char>(bits >> count)));
    }
  }
  const bool has_spare_bits = (bits & ((1U << count) - 1)) != 0;
  return text.size() % 4 == 1 || has_spare_bits ? std::nullopt : std::optional{std::move(bytes)};
}

}  // namespace regstream::access
