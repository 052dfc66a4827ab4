#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

/// Marks the bytes of a text that are not in a set, in blocks of 64, one bit a byte. Blocks are
/// aligned to the beginning of the text, not to the beginning of each search. So the processor can
/// work on several blocks at once, and need not know where one search ends before it begins the
/// next.
///
/// A set is a type with `bool has(char)` and, where there are vectors, `Vector has(Vector)`.
namespace regstream::text {

#if defined(__SSE2__)

#define REGSTREAM_HAS_BLOCK_SCAN 1
using Vector = __m128i;

inline Vector load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const Vector*>(at));
}
inline Vector differs(Vector bytes, char byte) {
  const Vector is_equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte));
  return _mm_cmpeq_epi8(is_equal, _mm_setzero_si128());
}
inline Vector exceeds(Vector bytes, signed char limit) {
  return _mm_cmpgt_epi8(bytes, _mm_set1_epi8(limit));
}
/// Bytes from `least` on, as unsigned numbers.
inline Vector reaches(Vector bytes, char least) {
  return _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(least)), bytes);
}
inline Vector both(Vector a, Vector b) {
  return _mm_and_si128(a, b);
}
inline std::uint64_t bits(Vector matches) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(matches));
}

#elif defined(__wasm_simd128__)

#define REGSTREAM_HAS_BLOCK_SCAN 1
using Vector = v128_t;

inline Vector load(const char* at) {
  return wasm_v128_load(at);
}
inline Vector differs(Vector bytes, char byte) {
  return wasm_i8x16_ne(bytes, wasm_i8x16_splat(byte));
}
inline Vector exceeds(Vector bytes, signed char limit) {
  return wasm_i8x16_gt(bytes, wasm_i8x16_splat(limit));
}
/// Bytes from `least` on, as unsigned numbers.
inline Vector reaches(Vector bytes, char least) {
  return wasm_u8x16_ge(bytes, wasm_i8x16_splat(least));
}
inline Vector both(Vector a, Vector b) {
  return wasm_v128_and(a, b);
}
inline std::uint64_t bits(Vector matches) {
  return static_cast<std::uint32_t>(wasm_i8x16_bitmask(matches));
}

#endif

inline constexpr std::ptrdiff_t block_bytes = 64;

#if defined(REGSTREAM_HAS_BLOCK_SCAN)

inline constexpr std::ptrdiff_t vector_bytes = block_bytes / 4;

/// Returns one bit for each byte of the block that is not in the set; the lowest bit is the first
/// byte.
template <typename Set>
std::uint64_t mark_others_in_block(const char* at) {
  const Vector first = Set::has(load(at));
  const Vector second = Set::has(load(at + vector_bytes));
  const Vector third = Set::has(load(at + 2 * vector_bytes));
  const Vector fourth = Set::has(load(at + 3 * vector_bytes));
  // Expressed by the bytes that are in the set, since SSE2 has no "not above", and negating costs
  // an instruction.
  if (bits(both(both(first, second), both(third, fourth))) == 0xFFFFU) {
    return 0;
  }
  return ~(bits(first) | bits(second) << 16U | bits(third) << 32U | bits(fourth) << 48U);
}

#endif

/// The same for a block that the end of the chunk may cut short, but not to nothing.
template <typename Set>
[[gnu::noinline]] std::uint64_t mark_others(const char* begin, const char* block, const char* end) {
  const std::ptrdiff_t left = end - block;
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  if (left >= block_bytes) {
    return mark_others_in_block<Set>(block);
  }
  if (end - begin >= block_bytes) {
    // Reads bytes before the block as well, so that nothing beyond the chunk is touched.
    return mark_others_in_block<Set>(end - block_bytes) >> (block_bytes - left);
  }
#endif
  std::uint64_t marks = 0;
  for (std::ptrdiff_t index = 0; index < left && index < block_bytes; ++index) {
    marks |= (Set::has(block[index]) ? std::uint64_t{0} : std::uint64_t{1}) << index;
  }
  return marks;
}

}  // namespace regstream::text
