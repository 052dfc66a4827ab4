#include "client/response_fields.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>

#include "net/letter_case.hpp"

namespace regstream::client {
namespace {

/// The three forms of a date in HTTP (RFC 9110, 5.6.7); the first is the one that servers send.
constexpr std::array date_forms{"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                "%a %b %e %H:%M:%S %Y"};

/// More seconds than this don't fit into a Duration; no wait is that long anyway.
constexpr std::int64_t seconds_max = std::numeric_limits<std::int32_t>::max();

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char digit) { return digit >= '0' && digit <= '9'; });
}

/// Digits only; a number that is too large becomes the largest.
std::optional<std::int64_t> parse_seconds(std::string_view text) {
  if (!is_all_digits(text)) {
    return std::nullopt;
  }
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  return error == std::errc{} ? seconds : seconds_max;
}

Duration of_seconds(std::int64_t seconds) {
  return std::chrono::seconds(std::clamp(seconds, std::int64_t{0}, seconds_max));
}

/// Removes the first element from a list and returns it (RFC 9110, 5.6.1). Elements may be empty.
std::string_view take_element(std::string_view& list) {
  const std::size_t end = std::min(list.find(','), list.size());
  const std::string_view element = trimmed(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return element;
}

std::optional<std::time_t> parse_date(const std::string& text) {
  for (const char* const form : date_forms) {
    std::tm fields{};
    const char* const end = ::strptime(text.c_str(), form, &fields);
    if (end == text.c_str() + text.size()) {
      return ::timegm(&fields);
    }
  }
  return std::nullopt;
}

}  // namespace

bool is_event_stream(std::string_view content_type) {
  return net::equals_ignoring_case(trimmed(content_type.substr(0, content_type.find(';'))),
                                   "text/event-stream");
}

std::optional<std::string_view> coding_other_than(std::string_view undone, std::string_view list) {
  while (!list.empty()) {
    const std::string_view coding = take_element(list);
    if (!coding.empty() && !net::equals_ignoring_case(coding, undone)) {
      return coding;
    }
  }
  return std::nullopt;
}

std::size_t count_codings(std::string_view list) {
  std::size_t count = 0;
  while (!list.empty()) {
    if (!take_element(list).empty()) {
      ++count;
    }
  }
  return count;
}

std::optional<Duration> parse_retry_after(std::string_view value, std::time_t now) {
  const std::string_view text = trimmed(value);
  if (const auto seconds = parse_seconds(text)) {
    return of_seconds(*seconds);
  }
  const auto date = parse_date(std::string(text));
  if (!date) {
    return std::nullopt;
  }
  return of_seconds(static_cast<std::int64_t>(*date) - static_cast<std::int64_t>(now));
}

std::optional<Duration> parse_max_age(std::string_view value) {
  constexpr std::string_view max_age = "max-age=";
  std::optional<Duration> age;
  while (!value.empty()) {
    const std::string_view directive = take_element(value);
    if (net::equals_ignoring_case(directive, "no-store") ||
        net::equals_ignoring_case(directive, "no-cache")) {
      return Duration{0};
    }
    if (net::equals_ignoring_case(directive.substr(0, max_age.size()), max_age)) {
      const auto seconds = parse_seconds(directive.substr(max_age.size()));
      age = seconds ? std::optional(of_seconds(*seconds)) : age;
    }
  }
  return age;
}

}  // namespace regstream::client
