#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

#include <regstream/sse/parser.hpp>

/// The one loop that touches every byte of a stream. It marks what may end a line in blocks of 64
/// bytes, one bit a byte, and hands out the marks one after the other. The blocks lie where the
/// chunk begins, and not where lines do: so the processor need not know where a line ends before
/// it searches for the end of the next, and works on several lines at a time.
namespace regstream::sse {

struct LineScan {
  const char* end;  ///< The first CR or LF, or the end of the chunk.
  /// The bytes before `end` are ASCII without the control characters up to CR, as JSON's are: they
  /// need no second pass that validates UTF-8 or looks for a NUL.
  bool is_plain;
};

namespace line_scan {

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
inline Vector both(Vector a, Vector b) {
  return wasm_v128_and(a, b);
}
inline std::uint64_t bits(Vector matches) {
  return static_cast<std::uint32_t>(wasm_i8x16_bitmask(matches));
}

#endif

/// Bytes that a line may be plain with. As signed numbers, the bytes beyond ASCII are below all
/// others, so that a single comparison excludes them together with the control characters.
struct Plain {
  static constexpr signed char above = '\r';
  static bool has(char byte) { return static_cast<signed char>(byte) > above; }
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  static Vector has(Vector bytes) {
    return exceeds(bytes, above);
  }
#endif
};

/// Bytes that a line may consist of at all.
struct NoLineEnd {
  static bool has(char byte) { return byte != '\n' && byte != '\r'; }
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  static Vector has(Vector bytes) {
    return both(differs(bytes, '\n'), differs(bytes, '\r'));
  }
#endif
};

inline constexpr std::ptrdiff_t block_bytes = 64;

#if defined(REGSTREAM_HAS_BLOCK_SCAN)

inline constexpr std::ptrdiff_t vector_bytes = block_bytes / 4;

/// One bit for each byte of the block that is not in the set, the first byte's the lowest.
template <typename Set>
std::uint64_t mark_others_in_block(const char* at) {
  const Vector first = Set::has(load(at));
  const Vector second = Set::has(load(at + vector_bytes));
  const Vector third = Set::has(load(at + 2 * vector_bytes));
  const Vector fourth = Set::has(load(at + 3 * vector_bytes));
  // In terms of what is in the set, since SSE2 has no "not above", and would pay for a negation.
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
    // Read together with bytes before it: nothing beyond the chunk is touched.
    return mark_others_in_block<Set>(end - block_bytes) >> (block_bytes - left);
  }
#endif
  std::uint64_t marks = 0;
  for (std::ptrdiff_t index = 0; index < left && index < block_bytes; ++index) {
    marks |= (Set::has(block[index]) ? std::uint64_t{0} : std::uint64_t{1}) << index;
  }
  return marks;
}

/// Goes on until the block has a mark; false if no more of the whole blocks has one.
inline bool find_marks(LineCursor& cursor) {
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  while (cursor.marks == 0 && cursor.end - cursor.block >= 2 * block_bytes) {
    cursor.block += block_bytes;
    cursor.marks = mark_others_in_block<Plain>(cursor.block);
  }
#endif
  return cursor.marks != 0;
}

/// Goes on to what is left of the chunk, when `find_marks` finds nothing more; false if that has no
/// mark either. Apart from it, so that the loop that handles nearly all bytes has no call in it,
/// and keeps its state in registers.
inline bool find_marks_in_rest(LineCursor& cursor) {
  while (cursor.marks == 0 && cursor.end - cursor.block > block_bytes) {
    cursor.block += block_bytes;
    cursor.marks = mark_others<Plain>(cursor.begin, cursor.block, cursor.end);
  }
  return cursor.marks != 0;
}

/// Takes the next mark of the block, which must have one.
inline const char* take_mark(LineCursor& cursor) {
  const char* const at = cursor.block + std::countr_zero(cursor.marks);
  cursor.marks &= cursor.marks - 1;
  return at;
}

/// Takes the next line end where other bytes are marked as well. Not mark by mark: in text of other
/// scripts every byte has one.
[[gnu::noinline]] inline const char* take_line_end(LineCursor& cursor) {
  std::uint64_t ends =
      cursor.marks & mark_others<NoLineEnd>(cursor.begin, cursor.block, cursor.end);
  while (ends == 0) {
    if (cursor.end - cursor.block <= block_bytes) {
      cursor.marks = 0;
      return cursor.end;
    }
    cursor.block += block_bytes;
    ends = mark_others<NoLineEnd>(cursor.begin, cursor.block, cursor.end);
  }
  const std::uint64_t up_to_end = ends ^ (ends - 1);
  cursor.marks = mark_others<Plain>(cursor.begin, cursor.block, cursor.end) & ~up_to_end;
  return cursor.block + std::countr_zero(ends);
}

}  // namespace line_scan

inline LineCursor begin_lines(const char* begin, const char* end) {
  LineCursor cursor{.begin = begin, .end = end, .block = begin, .marks = 0};
  if (begin != end) {
    cursor.marks = line_scan::mark_others<line_scan::Plain>(begin, begin, end);
  }
  return cursor;
}

/// The end of the line that begins where the last one, with its line end, was taken.
inline LineScan scan_line(LineCursor& cursor) {
  if (!line_scan::find_marks(cursor) && !line_scan::find_marks_in_rest(cursor)) {
    return {.end = cursor.end, .is_plain = true};
  }
  const char* const mark = line_scan::take_mark(cursor);
  if (!line_scan::NoLineEnd::has(*mark)) {
    return {.end = mark, .is_plain = true};
  }
  return {.end = line_scan::take_line_end(cursor), .is_plain = false};
}

/// Takes the LF that follows a CR: it is not plain either, so it has a mark.
inline void take_line_feed(LineCursor& cursor) {
  if (line_scan::find_marks(cursor) || line_scan::find_marks_in_rest(cursor)) {
    (void)line_scan::take_mark(cursor);
  }
}

}  // namespace regstream::sse
