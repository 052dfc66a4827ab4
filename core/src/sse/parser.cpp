#include <regstream/sse/parser.hpp>

#include <algorithm>
#include <utility>

#include "sse/line_scan.hpp"
#include "text/utf8.hpp"

namespace regstream::sse {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view span_of(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

/// The bytes of a line are valid UTF-8 by themselves: no sequence contains a CR, an LF or a colon,
/// so decoding each value gives what decoding the whole stream first would give.
bool is_clean(std::string_view value, bool is_ascii) {
  return is_ascii || text::is_valid_utf8(value);
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
  at_ = nullptr;
  end_ = nullptr;
  byte_order_mark_seen_ = 0;
  at_start_ = true;
  swallow_line_feed_ = false;
  has_stopped_ = false;
  line_is_open_ = false;
  line_is_ascii_ = true;
  data_held_ = Held::nowhere;
  type_held_ = Held::nowhere;
  id_seen_ = false;
}

void Parser::feed(std::string_view chunk) {
  at_ = chunk.data();
  end_ = at_ + chunk.size();
}

std::string_view Parser::last_event_id() const {
  return last_event_id_;
}

std::optional<Duration> Parser::retry() const {
  return retry_;
}

Token Parser::next() {
  if (has_stopped_) {
    at_ = end_;
    return NeedInput{};
  }
  if (at_start_) {
    skip_byte_order_mark();
  }
  while (at_ != end_) {
    if (swallow_line_feed_) {
      swallow_line_feed_ = false;
      if (*at_ == '\n') {
        ++at_;
        continue;
      }
    }

    const LineScan scan = scan_line(at_, end_);
    std::string_view line = span_of(at_, scan.end);
    bool is_ascii = scan.is_ascii;
    // Checked for every line, not only for buffered ones: the split must not decide.
    if (line.size() + (line_is_open_ ? line_.size() : 0) > limits_.line_bytes_max) {
      return stop(ParseError::line_too_long);
    }
    if (scan.end == end_) {
      keep_for_next_chunk();
      line_.append(line);
      line_is_open_ = true;
      line_is_ascii_ = line_is_ascii_ && is_ascii;
      at_ = end_;
      return NeedInput{};
    }

    at_ = scan.end + 1;
    if (*scan.end == '\r') {
      if (at_ == end_) {
        swallow_line_feed_ = true;
      } else if (*at_ == '\n') {
        ++at_;
      }
    }
    if (line_is_open_) {
      line_.append(line);
      line = line_;
      is_ascii = is_ascii && line_is_ascii_;
      line_is_open_ = false;
      line_is_ascii_ = true;
    }

    Token token = use_line(line, is_ascii);
    if (!std::holds_alternative<NeedInput>(token)) {
      return token;
    }
  }
  keep_for_next_chunk();
  return NeedInput{};
}

/// The standard decodes the stream by "UTF-8 decode", which drops one byte order mark at its start.
void Parser::skip_byte_order_mark() {
  while (at_ != end_ && byte_order_mark_seen_ < byte_order_mark.size()) {
    if (*at_ != byte_order_mark[byte_order_mark_seen_]) {
      // It was none: what looked like its beginning belongs to the first line.
      if (byte_order_mark_seen_ > 0) {
        line_.assign(byte_order_mark.substr(0, byte_order_mark_seen_));
        line_is_open_ = true;
        line_is_ascii_ = false;
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
  if (!line_is_open_) {
    line_.clear();
  }
}

/// Gives NeedInput where the line makes no token.
Token Parser::use_line(std::string_view line, bool is_ascii) {
  if (line.empty()) {
    return dispatch();
  }
  // Most lines: spared the search for the colon, and the comparisons of the name.
  if (line.starts_with("data:")) {
    return use_data(without_leading_space(line.substr(5)), is_ascii);
  }
  const std::size_t colon = line.find(':');
  if (colon == 0) {
    return use_comment(line.substr(1), is_ascii);
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = colon == std::string_view::npos
                                     ? std::string_view{}
                                     : without_leading_space(line.substr(colon + 1));
  if (name == "data") {
    return use_data(value, is_ascii);
  }
  if (name == "id") {
    return use_id(value, is_ascii);
  }
  if (name == "event") {
    use_type(value, is_ascii);
    return NeedInput{};
  }
  if (name == "retry") {
    return use_retry(value);
  }
  return NeedInput{};
}

Token Parser::use_data(std::string_view value, bool is_ascii) {
  if (data_held_ == Held::nowhere && is_clean(value, is_ascii)) {
    data_view_ = value;
    data_held_ = Held::viewed;
    return value.size() > limits_.event_bytes_max ? stop(ParseError::event_too_large) : NeedInput{};
  }
  if (data_held_ == Held::viewed) {
    data_.assign(data_view_);
  } else if (data_held_ == Held::nowhere) {
    data_.clear();
  }
  if (data_held_ != Held::nowhere) {
    data_.push_back('\n');
  }
  data_held_ = Held::owned;
  if (is_ascii) {
    data_.append(value);
  } else {
    text::append_valid_utf8(data_, value);
  }
  return data_.size() > limits_.event_bytes_max ? stop(ParseError::event_too_large) : NeedInput{};
}

void Parser::use_type(std::string_view value, bool is_ascii) {
  if (is_clean(value, is_ascii)) {
    type_view_ = value;
    type_held_ = Held::viewed;
    return;
  }
  type_.clear();
  text::append_valid_utf8(type_, value);
  type_held_ = Held::owned;
}

/// Takes effect at the blank line that ends the block.
Token Parser::use_id(std::string_view value, bool is_ascii) {
  if (value.find('\0') != std::string_view::npos) {
    return NeedInput{};
  }
  // Replacing never shortens, so an id that is too long is so before it is decoded.
  if (value.size() > limits_.id_bytes_max) {
    return stop(ParseError::id_too_long);
  }
  id_.clear();
  if (is_ascii) {
    id_.append(value);
  } else {
    text::append_valid_utf8(id_, value);
  }
  id_seen_ = true;
  return id_.size() > limits_.id_bytes_max ? stop(ParseError::id_too_long) : NeedInput{};
}

/// Takes effect at once.
Token Parser::use_retry(std::string_view value) {
  if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
    return NeedInput{};
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
  return Retry{.delay = Duration{delay}};
}

Token Parser::use_comment(std::string_view text, bool is_ascii) {
  if (is_clean(text, is_ascii)) {
    return Comment{.text = text};
  }
  comment_.clear();
  text::append_valid_utf8(comment_, text);
  return Comment{.text = comment_};
}

/// The blank line: the id counts even without data, an event needs at least one data line.
Token Parser::dispatch() {
  if (id_seen_) {
    last_event_id_.swap(id_);
    id_seen_ = false;
  }
  const Held data_held = std::exchange(data_held_, Held::nowhere);
  const Held type_held = std::exchange(type_held_, Held::nowhere);
  if (data_held == Held::nowhere) {
    return NeedInput{};
  }
  std::string_view type;
  if (type_held != Held::nowhere) {
    type = type_held == Held::owned ? std::string_view{type_} : type_view_;
  }
  return Event{.type = type.empty() ? "message" : type,
               .data = data_held == Held::owned ? std::string_view{data_} : data_view_,
               .last_event_id = last_event_id_};
}

Token Parser::stop(ParseError error) {
  has_stopped_ = true;
  at_ = end_;
  return error;
}

}  // namespace regstream::sse
