#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <regstream/sse/parser.hpp>

#include "sse/field_value.hpp"
#include "text/digits.hpp"
#include "text/utf8.hpp"

// What a line means for the event that is being read: the fields of the standard, and the end of
// their block. parser.cpp turns bytes into lines.

namespace regstream::sse {
namespace {

/// Whether a value is valid UTF-8. Each value may be decoded by itself: no UTF-8 sequence contains
/// a CR, an LF or a colon, so the result is the same as decoding the whole stream first.
bool is_clean(std::string_view value, bool is_plain) {
  return is_plain || text::is_valid_utf8(value);
}

}  // namespace

bool Parser::use_line(std::string_view line, bool is_plain, Token& token) {
  if (line.empty()) {
    return dispatch(token);
  }
  // A shortcut for most lines, without the search for the colon and the comparisons of the name.
  if (line.starts_with("data:")) {
    use_data(without_leading_space(line.substr(5)), is_plain);
    return false;
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
    use_data(value, is_plain);
    return false;
  }
  if (name == "id") {
    use_id(value, is_plain);
    return false;
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

/// Handles the end of a dropped line. If it was a field of an event, the event is incomplete.
void Parser::use_dropped_line() {
  open_line_ = OpenLine::none;
  const std::string_view head{dropped_.head.data(), dropped_.head_size};
  const std::string_view name = head.substr(0, head.find(':'));
  // The colon, if there is one, and the space after it belong to neither.
  std::size_t before_value = std::min(name.size() + 1, head.size());
  if (head.substr(before_value).starts_with(' ')) {
    ++before_value;
  }
  const std::uint64_t value_bytes = dropped_.bytes - before_value;
  if (name == "data") {
    skip_event(SkipReason::line_too_long);
    skipped_bytes_ += value_bytes + 1;
  } else if (name == "id" && !dropped_.has_nul) {
    skip_event(value_bytes > limits_.id_bytes_max ? SkipReason::id_too_long
                                                  : SkipReason::line_too_long);
  } else if (name == "event") {
    skip_event(SkipReason::line_too_long);
  }
}

void Parser::use_data(std::string_view value, bool is_plain) {
  if (data_held_ != Held::nowhere || !is_clean(value, is_plain)) {
    return append_data(value, is_plain);
  }
  data_view_ = value;
  data_held_ = Held::viewed;
  if (value.size() > limits_.event_bytes_max) {
    skip_event(SkipReason::event_too_large);
  }
}

/// Adds data that can't be a view: of several lines, with ill-formed UTF-8, or of a skipped event.
void Parser::append_data(std::string_view value, bool is_plain) {
  if (data_held_ == Held::skipped) {
    skipped_bytes_ += value.size() + 1;
    return;
  }
  if (data_held_ != Held::owned) {
    data_.assign(data_held_ == Held::viewed ? data_view_ : std::string_view{});
    data_growth_ = 0;
  }
  if (data_held_ != Held::nowhere) {
    data_.push_back('\n');
  }
  data_held_ = Held::owned;
  const std::size_t size = data_.size() + value.size();
  if (is_plain) {
    data_.append(value);
  } else {
    text::append_valid_utf8(data_, value);
    data_growth_ += data_.size() - size;
  }
  if (data_.size() > limits_.event_bytes_max) {
    skip_event(SkipReason::event_too_large);
  }
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

/// The id takes effect at the blank line that ends the block. An id with a NUL is ignored, however
/// long it is.
void Parser::use_id(std::string_view value, bool is_plain) {
  if (!is_plain && value.find('\0') != std::string_view::npos) {
    return;
  }
  // Replacing ill-formed bytes never shortens the text, so an id that is too long is already too
  // long before it is decoded.
  if (value.size() > limits_.id_bytes_max) {
    return skip_event(SkipReason::id_too_long);
  }
  if (is_plain) {
    id_view_ = value;
    id_held_ = Held::viewed;
    return;
  }
  std::string id;
  text::append_valid_utf8(id, value);
  if (id.size() > limits_.id_bytes_max) {
    return skip_event(SkipReason::id_too_long);
  }
  id_.swap(id);
  id_held_ = Held::owned;
}

/// `retry` takes effect at once.
bool Parser::use_retry(std::string_view value, Token& token) {
  if (!text::is_digits(value)) {
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

/// Skips the event of the current block. Its id still counts, wherever it is in the block.
void Parser::skip_event(SkipReason reason) {
  if (data_held_ == Held::skipped) {
    return;
  }
  skipped_bytes_ = 0;
  if (data_held_ == Held::viewed) {
    skipped_bytes_ = data_view_.size() + 1;
  } else if (data_held_ == Held::owned) {
    skipped_bytes_ = data_.size() - data_growth_ + 1;
  }
  std::string{}.swap(data_);  // Frees the memory, too: it may be megabytes.
  data_held_ = Held::skipped;
  skip_reason_ = reason;
}

/// Handles the blank line. An id counts even without data; an event needs at least one data line.
bool Parser::dispatch(Token& token) {
  if (id_held_ != Held::nowhere) {
    commit_id();
  }
  const Held data_held = std::exchange(data_held_, Held::nowhere);
  const Held type_held = std::exchange(type_held_, Held::nowhere);
  if (data_held == Held::nowhere) {
    return false;
  }
  if (data_held == Held::skipped) {
    token =
        Skipped{.reason = skip_reason_, .bytes = skipped_bytes_, .last_event_id = last_event_id_};
    return true;
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

std::string_view to_string(SkipReason reason) {
  switch (reason) {
    case SkipReason::line_too_long:
      return "line_too_long";
    case SkipReason::event_too_large:
      return "event_too_large";
    case SkipReason::id_too_long:
      return "id_too_long";
  }
  return {};
}

}  // namespace regstream::sse
