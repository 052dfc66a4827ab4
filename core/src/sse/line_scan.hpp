#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include <regstream/sse/parser.hpp>

#include "text/mark_scan.hpp"

/// The one loop that touches every byte of a stream. It marks the bytes that may end a line, and
/// returns the marks one after the other.
namespace regstream::sse {

struct LineScan {
  const char* end;  ///< The first CR or LF, or the end of the chunk.
  /// The bytes before `end` are ASCII without the control characters up to CR, as in JSON: they
  /// need no second pass that validates UTF-8 or looks for a NUL.
  bool is_plain;
};

namespace line_scan {

using text::block_bytes;
using text::mark_others;
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
using text::mark_others_in_block;
using text::Vector;
#endif

/// The bytes of a plain line. As signed numbers, the bytes beyond ASCII are below all others, so a
/// single comparison excludes them together with the control characters.
struct Plain {
  static constexpr signed char above = '\r';
  static bool has(char byte) { return static_cast<signed char>(byte) > above; }
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  static Vector has(Vector bytes) {
    return text::exceeds(bytes, above);
  }
#endif
};

/// All bytes that a line may contain.
struct NoLineEnd {
  static bool has(char byte) { return byte != '\n' && byte != '\r'; }
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  static Vector has(Vector bytes) {
    return text::both(text::differs(bytes, '\n'), text::differs(bytes, '\r'));
  }
#endif
};

/// Advances to the next block with a mark; returns false if no other whole block has one.
inline bool find_marks(LineCursor& cursor) {
#if defined(REGSTREAM_HAS_BLOCK_SCAN)
  while (cursor.marks == 0 && cursor.end - cursor.block >= 2 * block_bytes) {
    cursor.block += block_bytes;
    cursor.marks = mark_others_in_block<Plain>(cursor.block);
  }
#endif
  return cursor.marks != 0;
}

/// Advances to the rest of the chunk when `find_marks` finds nothing more; returns false if the
/// rest has no mark either. A function of its own, so that the loop that handles nearly all bytes
/// has no call in it, and keeps its state in registers.
inline bool find_marks_in_rest(LineCursor& cursor) {
  while (cursor.marks == 0 && cursor.end - cursor.block > block_bytes) {
    cursor.block += block_bytes;
    cursor.marks = mark_others<Plain>(cursor.begin, cursor.block, cursor.end);
  }
  return cursor.marks != 0;
}

/// Returns the next mark of the block, which must have one, and clears it.
inline const char* next_mark(LineCursor& cursor) {
  const char* const at = cursor.block + std::countr_zero(cursor.marks);
  cursor.marks &= cursor.marks - 1;
  return at;
}

/// Returns the next line end where other bytes are marked as well, and clears the marks up to it.
/// It does not go mark by mark: in text of other scripts every byte has a mark.
[[gnu::noinline]] inline const char* next_line_end(LineCursor& cursor) {
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

/// Finds the end of the line that begins after the last line end.
inline LineScan scan_line(LineCursor& cursor) {
  if (!line_scan::find_marks(cursor) && !line_scan::find_marks_in_rest(cursor)) {
    return {.end = cursor.end, .is_plain = true};
  }
  const char* const mark = line_scan::next_mark(cursor);
  if (!line_scan::NoLineEnd::has(*mark)) {
    return {.end = mark, .is_plain = true};
  }
  return {.end = line_scan::next_line_end(cursor), .is_plain = false};
}

/// Skips the LF that follows a CR. An LF is not plain either, so it has a mark.
inline void skip_line_feed(LineCursor& cursor) {
  if (line_scan::find_marks(cursor) || line_scan::find_marks_in_rest(cursor)) {
    (void)line_scan::next_mark(cursor);
  }
}

}  // namespace regstream::sse
