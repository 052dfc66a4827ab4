#include <regstream/sse/parser.hpp>

#include <algorithm>
#include <utility>

#include "sse/line_scan.hpp"
#include "text/utf8.hpp"

namespace regstream::sse {
namespace {

constexpr std::string_view default_type = "message";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view span_of(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// The bytes of a line are valid UTF-8 by themselves: no sequence contains a CR, an LF or a colon,
/// so decoding each value gives what decoding the whole stream first would give.
bool is_clean(std::string_view value, bool is_plain) {
  return is_plain || text::is_valid_utf8(value);
}

/// The first space after a field's colon belongs to neither.
std::string_view without_leading_space(std::string_view value) {
  return value.starts_with(' ') ? value.substr(1) : value;
}

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}

}  // namespace

Parser::Parser(ParserLimits limits, std::string last_event_id)
    : limits_(limits), last_event_id_(std::move(last_event_id)) {}

void Parser::begin_connection() {
  feed({});
  byte_order_mark_seen_ = 0;
  at_start_ = true;
  swallow_line_feed_ = false;
  has_stopped_ = false;
  line_is_open_ = false;
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
  // Nearly all lines are plain, end in LF, and are blank, the first data of their event or an id.
  // They are told here, by their first bytes and with the search's state in registers: to go
  // through the general steps would cost more than the search itself. For anything else those are
  // right.
  LineCursor lines = lines_;
  const char* at = at_;
  while (line_scan::find_marks(lines) || line_scan::find_marks_in_rest(lines)) {
    LineCursor rest = lines;
    const char* const mark = line_scan::take_mark(rest);
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
        // The blank line follows at once: the event is whole, and need not be remembered. With a
        // mark left in the block, there is a byte behind this one.
        if (rest.marks != 0 && mark[1] == '\n' && type_held_ == Held::nowhere) {
          (void)line_scan::take_mark(rest);
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
    if (take_line(token)) {
      return token;
    }
    lines = lines_;
    at = at_;
  }
  lines_ = lines;
  at_ = at;
  return end_chunk();
}

/// The beginning of a chunk, up to the first beginning of a line: what the last one left open.
bool Parser::resume(Token& token) {
  if (has_stopped_) {
    at_ = end_;
  }
  if (at_start_) {
    skip_byte_order_mark();
  }
  if (swallow_line_feed_ && at_ != end_) {
    swallow_line_feed_ = false;
    at_ += *at_ == '\n' ? 1 : 0;
  }
  lines_ = begin_lines(at_, end_);
  return line_is_open_ && take_line(token);
}

/// What is left when the search has found everything: a plain line without an end, or nothing.
Token Parser::end_chunk() {
  Token token;
  if (at_ == end_) {
    keep_for_next_chunk();
  } else if (const std::string_view line = span_of(at_, end_);
             line.size() > limits_.line_bytes_max) {
    stop(ParseError::line_too_long, token);
  } else {
    keep_open_line(line, true);
  }
  return token;
}

/// The next line, whatever it is, or the end of the open one; or of either what is there of it.
bool Parser::take_line(Token& token) {
  const LineScan scan = scan_line(lines_);
  const std::string_view line = span_of(at_, scan.end);
  // Checked for every line, not only for buffered ones: the split must not decide.
  if (line.size() + (line_is_open_ ? line_.size() : 0) > limits_.line_bytes_max) {
    stop(ParseError::line_too_long, token);
    return true;
  }
  if (scan.end == end_) {
    keep_open_line(line, scan.is_plain);
    return false;
  }
  end_line(scan.end);
  if (!line_is_open_) {
    return use_line(line, scan.is_plain, token);
  }
  line_.append(line);
  line_is_open_ = false;
  return use_line(line_, scan.is_plain && line_is_plain_, token);
}

/// The standard decodes the stream by "UTF-8 decode", which drops one byte order mark at its start.
void Parser::skip_byte_order_mark() {
  while (at_ != end_ && byte_order_mark_seen_ < byte_order_mark.size()) {
    if (*at_ != byte_order_mark[byte_order_mark_seen_]) {
      // It was none: what looked like its beginning belongs to the first line.
      if (byte_order_mark_seen_ > 0) {
        line_.assign(byte_order_mark.substr(0, byte_order_mark_seen_));
        line_is_open_ = true;
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

/// Copies what still points into the chunk, and makes room for an open line.
void Parser::keep_for_next_chunk() {
  if (data_held_ == Held::viewed) {
    data_.assign(data_view_);
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
  if (!line_is_open_) {
    line_.clear();
  }
}

/// The chunk ends within a line.
void Parser::keep_open_line(std::string_view line, bool is_plain) {
  keep_for_next_chunk();
  line_.append(line);
  line_is_plain_ = is_plain && (line_is_plain_ || !line_is_open_);
  line_is_open_ = true;
  at_ = end_;
}

/// Goes on behind a CR, an LF or a pair of them.
void Parser::end_line(const char* line_end) {
  at_ = line_end + 1;
  if (*line_end == '\r') {
    if (at_ == end_) {
      swallow_line_feed_ = true;
    } else if (*at_ == '\n') {
      take_line_feed(lines_);
      ++at_;
    }
  }
}

bool Parser::use_line(std::string_view line, bool is_plain, Token& token) {
  if (line.empty()) {
    return dispatch(token);
  }
  // Most lines: spared the search for the colon, and the comparisons of the name.
  if (line.starts_with("data:")) {
    return use_data(without_leading_space(line.substr(5)), is_plain, token);
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) {
    use_comment(line.substr(1), is_plain, token);
    return true;
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = colon == std::string_view::npos
                                     ? std::string_view{}
                                     : without_leading_space(line.substr(colon + 1));
  if (name == "data") {
    return use_data(value, is_plain, token);
  }
  if (name == "id") {
    return use_id(value, is_plain, token);
  }
  if (name == "event") {
    use_type(value, is_plain);
    return false;
  }
  if (name == "retry") {
    return use_retry(value, token);
  }
  return false;
}

bool Parser::use_data(std::string_view value, bool is_plain, Token& token) {
  if (data_held_ != Held::nowhere || !is_clean(value, is_plain)) {
    return append_data(value, is_plain, token);
  }
  data_view_ = value;
  data_held_ = Held::viewed;
  if (value.size() > limits_.event_bytes_max) {
    stop(ParseError::event_too_large, token);
    return true;
  }
  return false;
}

/// Data that can't be a view: of several lines, or with ill-formed UTF-8.
bool Parser::append_data(std::string_view value, bool is_plain, Token& token) {
  if (data_held_ == Held::viewed) {
    data_.assign(data_view_);
  } else if (data_held_ == Held::nowhere) {
    data_.clear();
  }
  if (data_held_ != Held::nowhere) {
    data_.push_back('\n');
  }
  data_held_ = Held::owned;
  if (is_plain) {
    data_.append(value);
  } else {
    text::append_valid_utf8(data_, value);
  }
  if (data_.size() > limits_.event_bytes_max) {
    stop(ParseError::event_too_large, token);
    return true;
  }
  return false;
}

void Parser::use_type(std::string_view value, bool is_plain) {
  if (is_clean(value, is_plain)) {
    type_view_ = value;
    type_held_ = Held::viewed;
    return;
  }
  type_.clear();
  text::append_valid_utf8(type_, value);
  type_held_ = Held::owned;
}

/// Takes effect at the blank line that ends the block.
bool Parser::use_id(std::string_view value, bool is_plain, Token& token) {
  if (!is_plain) {
    return decode_id(value, token);
  }
  if (value.size() > limits_.id_bytes_max) {
    stop(ParseError::id_too_long, token);
    return true;
  }
  id_view_ = value;
  id_held_ = Held::viewed;
  return false;
}

bool Parser::decode_id(std::string_view value, Token& token) {
  if (value.find('\0') != std::string_view::npos) {
    return false;
  }
  // Replacing never shortens, so an id that is too long is so before it is decoded.
  if (value.size() <= limits_.id_bytes_max) {
    id_.clear();
    text::append_valid_utf8(id_, value);
    id_held_ = Held::owned;
    if (id_.size() <= limits_.id_bytes_max) {
      return false;
    }
  }
  stop(ParseError::id_too_long, token);
  return true;
}

/// Takes effect at once.
bool Parser::use_retry(std::string_view value, Token& token) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
    return false;
  }
  constexpr Duration::rep longest = Duration::max().count();
  Duration::rep delay = 0;
  for (const char digit : value) {
    const Duration::rep number = digit - '0';
    if (delay > (longest - number) / 10) {
      delay = longest;
      break;
    }
    delay = delay * 10 + number;
  }
  retry_ = Duration{delay};
  token = Retry{.delay = Duration{delay}};
  return true;
}

void Parser::use_comment(std::string_view text, bool is_plain, Token& token) {
  if (is_clean(text, is_plain)) {
    token = Comment{.text = text};
    return;
  }
  comment_.clear();
  text::append_valid_utf8(comment_, text);
  token = Comment{.text = comment_};
}

void Parser::commit_id() {
  if (id_held_ == Held::viewed && id_view_.size() == last_event_id_.size()) {
    // The ids of a stream are of one length as a rule: spared the steps for any other.
    std::copy(id_view_.begin(), id_view_.end(), last_event_id_.begin());
  } else if (id_held_ == Held::viewed) {
    last_event_id_.assign(id_view_);
  } else {
    last_event_id_.swap(id_);
  }
  id_held_ = Held::nowhere;
}

/// The blank line: the id counts even without data, an event needs at least one data line.
bool Parser::dispatch(Token& token) {
  if (id_held_ != Held::nowhere) {
    commit_id();
  }
  const Held data_held = std::exchange(data_held_, Held::nowhere);
  const Held type_held = std::exchange(type_held_, Held::nowhere);
  if (data_held == Held::nowhere) {
    return false;
  }
  std::string_view type;
  if (type_held != Held::nowhere) {
    type = type_held == Held::owned ? std::string_view{type_} : type_view_;
  }
  token = Event{.type = type.empty() ? default_type : type,
                .data = data_held == Held::owned ? std::string_view{data_} : data_view_,
                .last_event_id = last_event_id_};
  return true;
}

void Parser::stop(ParseError error, Token& token) {
  has_stopped_ = true;
  at_ = end_;
  lines_ = {};
  token = error;
}

}  // namespace regstream::sse
