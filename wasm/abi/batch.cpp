#include "batch.hpp"

#include <bit>
#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

namespace regstream::abi {

void clear_batch(std::string& bytes) {
  constexpr std::size_t kept_bytes_max = std::size_t{1} << 20U;
  bytes.clear();
  if (bytes.capacity() > kept_bytes_max) {
    bytes.shrink_to_fit();
  }
}

std::size_t utf16_size(std::string_view text) {
  // One unit for each byte that begins a character, and one more for four-byte characters.
  std::size_t units = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
#ifdef __wasm_simd128__
  for (; end - at >= 16; at += 16) {
    const v128_t bytes = wasm_v128_load(at);
    units += static_cast<std::size_t>(
        std::popcount(wasm_i8x16_bitmask(wasm_i8x16_gt(bytes, wasm_i8x16_const_splat(-65)))) +
        std::popcount(wasm_i8x16_bitmask(wasm_u8x16_gt(bytes, wasm_u8x16_const_splat(0xEF)))));
  }
#endif
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    units += (byte & 0xC0U) == 0x80 ? 0U : 1U;
    units += byte > 0xEF ? 1U : 0U;
  }
  return units;
}

void BatchText::clear() {
  clear_batch(text_);
  units_ = 0;
}

Slice BatchText::append(std::string_view text) {
  const Slice slice{units_, static_cast<std::uint32_t>(utf16_size(text))};
  text_.append(text);
  units_ += slice.size;
  return slice;
}

void Batch::clear() {
  text.clear();
  messages.clear();
  clear_batch(json);
  clear_batch(cursors);
  views.clear();
  view_text.clear();
  stages.clear();
  events.clear();
  skipped.clear();
}

Batch& begin_batch() {
  static Batch batch;
  batch.clear();
  return batch;
}

}  // namespace regstream::abi
