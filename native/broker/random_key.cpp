#include "broker/random_key.hpp"

#include <random>
#include <string_view>

namespace regstream::broker {

std::string random_key() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device device;
  std::string key;
  while (key.size() < 32) {
    for (auto [bits, left] = std::pair{device(), 8}; left > 0; bits >>= 4U, --left) {
      key.push_back(digits[bits & 0xfU]);
    }
  }
  return key;
}

}  // namespace regstream::broker
