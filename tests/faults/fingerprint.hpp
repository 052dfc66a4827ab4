#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

/// What stands for a text in the observations: 32-bit FNV-1a of its bytes, in hexadecimal
/// (fingerprint.ts has the same).
inline std::string fingerprint(std::string_view text) {
  std::uint32_t hash = 2'166'136'261U;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 16'777'619U;
  }
  char digits[9];
  std::snprintf(digits, sizeof(digits), "%08x", hash);
  return digits;
}
