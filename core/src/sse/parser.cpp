#include <regstream/sse/parser.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "sse/field_value.hpp"
#include "sse/line_scan.hpp"

namespace regstream::sse {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Keeps the memory for the next use, unless it is large: one large event must not hold it for the
/// rest of the stream.
void clear(std::string& bytes) {
  constexpr std::size_t kept_bytes_max = std::size_t{64} << 10U;
  bytes.clear();
  if (bytes.capacity() > kept_bytes_max) {
    bytes.shrink_to_fit();
  }
}

std::string_view span_of(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// Whether a line that begins like this can only be an unknown field, which means nothing.
bool is_of_unknown_field(std::string_view begin) {
  if (begin.starts_with(':')) {
    return false;
  }
  constexpr std::array<std::string_view, 4> names{"data", "id", "event", "retry"};
  return std::none_of(names.begin(), names.end(), [begin](std::string_view name) {
    return begin.size() > name.size() ? begin.starts_with(name) && begin[name.size()] == ':'
                                      : name.starts_with(begin);
  });
}

}  // namespace

Parser::Parser(ParserLimits limits, std::string last_event_id)
    : limits_(limits), last_event_id_(std::move(last_event_id)) {}

void Parser::begin_connection() {
  feed({});
  byte_order_mark_seen_ = 0;
  at_start_ = true;
  swallow_line_feed_ = false;
  open_line_ = OpenLine::none;
  data_held_ = Held::nowhere;
  type_held_ = Held::nowhere;
  id_held_ = Held::nowhere;
}

void Parser::feed(std::string_view chunk) {
  at_ = chunk.data();
  end_ = at_ + chunk.size();
  must_resume_ = true;
}

std::string_view Parser::last_event_id() const {
  return last_event_id_;
}

std::optional<Duration> Parser::retry() const {
  return retry_;
}

Token Parser::next() {
  if (must_resume_) {
    must_resume_ = false;
    Token token;
    if (resume(token)) {
      return token;
    }
  }
  // Nearly all lines are plain, end in LF, and are blank, an id, or the first data of their event.
  // This loop recognises them by their first bytes, with the search's state in registers: the
  // general steps would cost more than the search itself. Any other line takes the general steps.
  LineCursor lines = lines_;
  const char* at = at_;
  while (line_scan::find_marks(lines) || line_scan::find_marks_in_rest(lines)) {
    LineCursor rest = lines;
    const char* const mark = line_scan::next_mark(rest);
    const std::string_view line = span_of(at, mark);
    if (*mark == '\n' && line.size() <= limits_.line_bytes_max) {
      if (line.empty() && type_held_ == Held::nowhere && data_held_ == Held::viewed) {
        lines_ = rest;
        at_ = mark + 1;
        data_held_ = Held::nowhere;
        if (id_held_ != Held::nowhere) {
          commit_id();
        }
        return Event{.type = default_type, .data = data_view_, .last_event_id = last_event_id_};
      }
      if (line.starts_with("data:") && data_held_ == Held::nowhere &&
          line.size() <= limits_.event_bytes_max) {
        const std::string_view value = without_leading_space(line.substr(5));
        // The blank line follows at once: the event is complete and need not be stored. Since the
        // block has another mark, there is a byte after this one.
        if (rest.marks != 0 && mark[1] == '\n' && type_held_ == Held::nowhere) {
          (void)line_scan::next_mark(rest);
          lines_ = rest;
          at_ = mark + 2;
          if (id_held_ != Held::nowhere) {
            commit_id();
          }
          return Event{.type = default_type, .data = value, .last_event_id = last_event_id_};
        }
        data_view_ = value;
        data_held_ = Held::viewed;
        lines = rest;
        at = mark + 1;
        continue;
      }
      if (line.starts_with("id:") && line.size() <= limits_.id_bytes_max) {
        id_view_ = without_leading_space(line.substr(3));
        id_held_ = Held::viewed;
        lines = rest;
        at = mark + 1;
        continue;
      }
    }
    lines_ = lines;
    at_ = at;
    Token token;
    if (read_line(token)) {
      return token;
    }
    lines = lines_;
    at = at_;
  }
  lines_ = lines;
  at_ = at;
  return end_chunk();
}

/// Reads the beginning of a chunk up to the first line that begins in it: the rest of what the last
/// chunk left open.
bool Parser::resume(Token& token) {
  if (at_start_) {
    skip_byte_order_mark();
  }
  if (swallow_line_feed_ && at_ != end_) {
    swallow_line_feed_ = false;
    at_ += *at_ == '\n' ? 1 : 0;
  }
  lines_ = begin_lines(at_, end_);
  return open_line_ != OpenLine::none && read_line(token);
}

/// Handles the rest of the chunk once the search has found everything: a plain line without an end,
/// or nothing.
Token Parser::end_chunk() {
  if (at_ == end_) {
    keep_for_next_chunk();
  } else {
    keep_open_line(span_of(at_, end_), true);
  }
  return NeedInput{};
}

/// Reads the next line of any kind, or the end of the open one; or as much of it as the chunk has.
bool Parser::read_line(Token& token) {
  const LineScan scan = scan_line(lines_);
  const std::string_view piece = span_of(at_, scan.end);
  if (scan.end == end_) {
    keep_open_line(piece, scan.is_plain);
    return false;
  }
  end_line(scan.end);
  // Checked for every line, not only for buffered ones: the result must not depend on the split.
  if (open_line_ == OpenLine::dropped || is_too_long(piece)) {
    drop(piece, scan.is_plain);
    use_dropped_line();
    return false;
  }
  if (open_line_ == OpenLine::none) {
    return use_line(piece, scan.is_plain, token);
  }
  line_.append(piece);
  open_line_ = OpenLine::none;
  return use_line(line_, scan.is_plain && line_is_plain_, token);
}

/// The standard decodes the stream by "UTF-8 decode", which drops one byte order mark at its start.
void Parser::skip_byte_order_mark() {
  while (at_ != end_ && byte_order_mark_seen_ < byte_order_mark.size()) {
    if (*at_ != byte_order_mark[byte_order_mark_seen_]) {
      // It is not a byte order mark: what looked like its beginning belongs to the first line.
      if (byte_order_mark_seen_ > 0) {
        line_.assign(byte_order_mark.substr(0, byte_order_mark_seen_));
        open_line_ = OpenLine::kept;
        line_is_plain_ = false;
      }
      at_start_ = false;
      return;
    }
    ++at_;
    ++byte_order_mark_seen_;
  }
  at_start_ = byte_order_mark_seen_ < byte_order_mark.size();
}

/// Copies values that still point into the chunk, and makes room for an open line.
void Parser::keep_for_next_chunk() {
  if (data_held_ == Held::viewed) {
    data_.assign(data_view_);
    data_growth_ = 0;
    data_held_ = Held::owned;
  }
  if (type_held_ == Held::viewed) {
    type_.assign(type_view_);
    type_held_ = Held::owned;
  }
  if (id_held_ == Held::viewed) {
    id_.assign(id_view_);
    id_held_ = Held::owned;
  }
  if (open_line_ == OpenLine::none) {
    clear(line_);
  }
  if (data_held_ == Held::nowhere) {
    clear(data_);
  }
}

/// The chunk ends within a line.
void Parser::keep_open_line(std::string_view piece, bool is_plain) {
  keep_for_next_chunk();
  at_ = end_;
  if (open_line_ == OpenLine::dropped || is_too_long(piece)) {
    drop(piece, is_plain);
    return;
  }
  line_is_plain_ = is_plain && (line_is_plain_ || open_line_ == OpenLine::none);
  line_.append(piece);
  open_line_ = OpenLine::kept;
  if (is_of_unknown_field(line_)) {
    drop({}, true);
  }
}

/// Whether the open line together with `piece` exceeds the limit.
bool Parser::is_too_long(std::string_view piece) const {
  const std::size_t before = open_line_ == OpenLine::kept ? line_.size() : 0;
  return piece.size() + before > limits_.line_bytes_max;
}

/// Drops a line's bytes: the buffered ones, and `piece`.
void Parser::drop(std::string_view piece, bool is_plain) {
  if (open_line_ != OpenLine::dropped) {
    dropped_ = {};
    if (open_line_ == OpenLine::kept) {
      dropped_.add(line_, line_is_plain_);
      std::string{}.swap(line_);  // Frees the memory, too: it may be megabytes.
    }
    open_line_ = OpenLine::dropped;
  }
  dropped_.add(piece, is_plain);
}

void Parser::DroppedLine::add(std::string_view piece, bool is_plain) {
  head_size += piece.copy(head.data() + head_size, head.size() - head_size);
  bytes += piece.size();
  has_nul = has_nul || (!is_plain && piece.find('\0') != std::string_view::npos);
}

/// Advances past a CR, an LF or a pair of them.
void Parser::end_line(const char* line_end) {
  at_ = line_end + 1;
  if (*line_end == '\r') {
    if (at_ == end_) {
      swallow_line_feed_ = true;
    } else if (*at_ == '\n') {
      skip_line_feed(lines_);
      ++at_;
    }
  }
}

void Parser::commit_id() {
  if (id_held_ == Held::viewed && id_view_.size() == last_event_id_.size()) {
    // The ids of a stream usually have one length, so this shortcut avoids the steps for any other.
    std::copy(id_view_.begin(), id_view_.end(), last_event_id_.begin());
  } else if (id_held_ == Held::viewed) {
    last_event_id_.assign(id_view_);
  } else {
    last_event_id_.swap(id_);
  }
  id_held_ = Held::nowhere;
}

}  // namespace regstream::sse
