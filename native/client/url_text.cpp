#include "client/url_text.hpp"

#include <algorithm>
#include <cstddef>

#include "net/letter_case.hpp"
#include "net/percent_encoding.hpp"

namespace regstream::client {
namespace {

bool is_of_scheme(char byte) {
  return net::is_letter(byte) || net::is_digit(byte) || byte == '+' || byte == '-' || byte == '.';
}

bool is_blank_or_control(char byte) {
  return static_cast<unsigned char>(byte) <= 0x20;
}

/// Removes the text before the first of `marks` and returns it; all of it if there is no mark.
std::string_view take_until(std::string_view& text, std::string_view marks) {
  const std::string_view taken = text.substr(0, text.find_first_of(marks));
  text.remove_prefix(taken.size());
  return taken;
}

std::string without_blanks(std::string_view text) {
  while (!text.empty() && is_blank_or_control(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank_or_control(text.back())) {
    text.remove_suffix(1);
  }
  std::string result(text);
  std::erase_if(result, [](char byte) { return byte == '\t' || byte == '\n' || byte == '\r'; });
  return result;
}

/// Removes the scheme and its colon from the text. Returns the scheme; empty if there is none.
std::string take_scheme(std::string_view& text) {
  const std::size_t colon = text.find(':');
  const std::string_view scheme = text.substr(0, colon);
  if (colon == std::string_view::npos || scheme.empty() || !net::is_letter(scheme.front()) ||
      !std::all_of(scheme.begin(), scheme.end(), is_of_scheme)) {
    return {};
  }
  std::string result(scheme);
  std::transform(result.begin(), result.end(), result.begin(), net::ascii_lower);
  text.remove_prefix(colon + 1);
  return result;
}

UrlText split(std::string_view text, bool stands_alone) {
  std::string cleaned = without_blanks(text);
  const auto path_end = std::find_if(cleaned.begin(), cleaned.end(),
                                     [](char byte) { return byte == '?' || byte == '#'; });
  UrlText result;
  std::string_view rest = cleaned;
  result.scheme = take_scheme(rest);
  if (result.is_foreign()) {
    return result;
  }
  std::replace(cleaned.begin(), path_end, '\\', '/');
  if (rest.starts_with("//") || (stands_alone && !result.scheme.empty())) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    result.authority = std::string(take_until(rest, "/?#"));
  }
  const std::string encoded = net::encode_path_and_query(take_until(rest, "#"));
  std::string_view query = encoded;
  result.path = std::string(take_until(query, "?"));
  result.query = std::string(query);
  return result;
}

bool is_dot(std::string_view text) {
  return text == "." || net::equals_ignoring_case(text, "%2e");
}

bool is_two_dots(std::string_view text) {
  const std::size_t first = text.starts_with('.') ? 1 : std::min<std::size_t>(3, text.size());
  return is_dot(text.substr(0, first)) && is_dot(text.substr(first));
}

}  // namespace

bool UrlText::is_foreign() const {
  return !scheme.empty() && scheme != "http" && scheme != "https";
}

UrlText split_url(std::string_view text) {
  return split(text, true);
}

UrlText split_reference(std::string_view text) {
  return split(text, false);
}

std::string remove_dot_segments(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash that begins a segment.
    const std::string_view segment = take_until(path, "/");
    const bool is_last = path.empty();
    const bool goes_up = is_two_dots(segment);
    if (goes_up) {
      result.resize(result.empty() ? 0 : result.rfind('/'));
    }
    if (!goes_up && !is_dot(segment)) {
      result.append("/").append(segment);
    } else if (is_last) {
      result.append("/");
    }
  }
  return result;
}

}  // namespace regstream::client
