#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

/// The one loop that touches every byte of a stream.
namespace regstream::sse {

struct LineScan {
  const char* end;  ///< The first CR or LF, or the end of the input.
  bool is_ascii;    ///< Of the bytes before `end`; spares the second pass that validates UTF-8.
};

namespace line_scan {

inline constexpr std::ptrdiff_t block_bytes = 16;

/// One bit per byte of a block, the first byte in the lowest.
struct BlockMasks {
  std::uint32_t line_ends;
  std::uint32_t non_ascii;
};

#if defined(__SSE2__)

#define REGSTREAM_HAS_BLOCK_SCAN 1
inline BlockMasks scan_block(const char* at) {
  const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i line_ends = _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\n')),
                                         _mm_cmpeq_epi8(block, _mm_set1_epi8('\r')));
  return {.line_ends = static_cast<std::uint32_t>(_mm_movemask_epi8(line_ends)),
          .non_ascii = static_cast<std::uint32_t>(_mm_movemask_epi8(block))};
}

#elif defined(__wasm_simd128__)

#define REGSTREAM_HAS_BLOCK_SCAN 1
inline BlockMasks scan_block(const char* at) {
  const v128_t block = wasm_v128_load(at);
  const v128_t line_ends = wasm_v128_or(wasm_i8x16_eq(block, wasm_i8x16_splat('\n')),
                                        wasm_i8x16_eq(block, wasm_i8x16_splat('\r')));
  return {.line_ends = static_cast<std::uint32_t>(wasm_i8x16_bitmask(line_ends)),
          .non_ascii = static_cast<std::uint32_t>(wasm_i8x16_bitmask(block))};
}

#endif

}  // namespace line_scan

/// Finds the end of the line that starts at `at`.
inline LineScan scan_line(const char* at, const char* end) {
  std::uint32_t non_ascii = 0;
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  while (end - at >= line_scan::block_bytes) {
    const line_scan::BlockMasks masks = line_scan::scan_block(at);
    if (masks.line_ends != 0) {
      const std::uint32_t before = (masks.line_ends & (0U - masks.line_ends)) - 1U;
      non_ascii |= masks.non_ascii & before;
      return {.end = at + std::countr_zero(masks.line_ends), .is_ascii = non_ascii == 0};
    }
    non_ascii |= masks.non_ascii;
    at += line_scan::block_bytes;
  }
#endif
  while (at != end && *at != '\n' && *at != '\r') {
    non_ascii |= static_cast<unsigned char>(*at) & 0x80U;
    ++at;
  }
  return {.end = at, .is_ascii = non_ascii == 0};
}

}  // namespace regstream::sse
