#include <regstream/message/event_id.hpp>

#include <limits>

#include "text/digits.hpp"

namespace regstream {
namespace {

/// Reads a number at the front of `text`, up to the first byte that is not a digit, and removes it.
std::optional<std::uint64_t> read_number(std::string_view& text) {
  constexpr std::uint64_t number_max = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  std::size_t length = 0;
  for (; length < text.size() && text[length] >= '0' && text[length] <= '9'; ++length) {
    const auto digit = static_cast<std::uint64_t>(text[length] - '0');
    if (number > (number_max - digit) / 10) {
      return std::nullopt;
    }
    number = number * 10 + digit;
  }
  if (length == 0 || (length > 1 && text.front() == '0')) {
    return std::nullopt;
  }
  text.remove_prefix(length);
  return number;
}

}  // namespace

std::optional<EventId> parse_event_id(std::string_view text) {
  const auto epoch = read_number(text);
  if (!epoch || text.empty() || text.front() != '-') {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto sequence = read_number(text);
  if (!sequence || !text.empty()) {
    return std::nullopt;
  }
  return EventId{.epoch = *epoch, .sequence = *sequence};
}

void append_event_id(std::string& out, const EventId& id) {
  text::append_digits(out, id.epoch);
  out.push_back('-');
  text::append_digits(out, id.sequence);
}

std::string to_string(const EventId& id) {
  std::string out;
  append_event_id(out, id);
  return out;
}

}  // namespace regstream
