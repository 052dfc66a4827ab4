#include "broker/topology/hash_slot.hpp"

namespace regstream::broker {
namespace {

constexpr std::uint32_t polynomial = 0x1021;
constexpr std::uint32_t top_bit = 0x8000;
constexpr std::uint32_t sixteen_bits = 0xffff;
constexpr std::uint32_t slots = 16'384;

}  // namespace

std::uint16_t hash_slot(std::string_view key) {
  const auto open = key.find('{');
  if (open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) {
      key = key.substr(open + 1, close - open - 1);
    }
  }
  std::uint32_t crc = 0;
  for (const char byte : key) {
    crc ^= std::uint32_t{static_cast<unsigned char>(byte)} << 8U;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc << 1U) ^ ((crc & top_bit) != 0 ? polynomial : 0U)) & sixteen_bits;
    }
  }
  return static_cast<std::uint16_t>(crc % slots);
}

}  // namespace regstream::broker
