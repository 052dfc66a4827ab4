#include "log/printable.hpp"

#include <algorithm>
#include <cstdint>

#include "text/utf8.hpp"

namespace regstream {
namespace {

constexpr std::string_view ellipsis = "…";
constexpr std::string_view white_space = " \t\r\n";
constexpr std::size_t value_bytes_max = 200;
constexpr std::size_t line_bytes_max = 1'000;

struct CodePoint {
  std::uint32_t value;
  std::size_t bytes;
};

/// The first code point of `text`, which must be well-formed and not empty.
CodePoint first_code_point(std::string_view text) {
  const auto bits = [&text](std::size_t index, unsigned mask) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[index])) & mask;
  };
  const std::uint32_t lead = bits(0, 0xffU);
  if (lead < 0x80U) {
    return {lead, 1};
  }
  if (lead < 0xe0U) {
    return {bits(0, 0x1fU) << 6U | bits(1, 0x3fU), 2};
  }
  if (lead < 0xf0U) {
    return {bits(0, 0x0fU) << 12U | bits(1, 0x3fU) << 6U | bits(2, 0x3fU), 3};
  }
  return {bits(0, 0x07U) << 18U | bits(1, 0x3fU) << 12U | bits(2, 0x3fU) << 6U | bits(3, 0x3fU), 4};
}

bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

bool ends_line(std::uint32_t code) {
  return code == 0x2028 || code == 0x2029;
}

/// Whether a code point is Bidi_Control in the Unicode Character Database (PropList.txt).
bool turns_direction(std::uint32_t code) {
  return code == 0x061c || code == 0x200e || code == 0x200f || (code >= 0x202a && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

/// Where to cut `text` so that at most `bytes_max` bytes are left and no character is split.
std::size_t cut(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return text.size();
  }
  std::size_t length = bytes_max;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80U) {
    --length;
  }
  return length;
}

/// `code` must be below U+10000.
std::string escape(std::uint32_t code) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) {
    text.push_back(digits[code >> shift & 0xfU]);
  }
  return text;
}

/// A password may have spaces. So if the line has an '@', everything from the first word that looks
/// like an address up to the '@' counts as one value.
std::string hide_secrets_in_line(std::string_view line) {
  std::string shown;
  while (!line.empty()) {
    const std::size_t word = std::min(line.find_first_not_of(white_space), line.size());
    shown.append(line.substr(0, word));
    line.remove_prefix(word);
    std::size_t end = std::min(line.find_first_of(white_space), line.size());
    const std::string_view first = line.substr(0, end);
    const std::size_t at = line.rfind('@');
    const bool is_address =
        first.find("://") != std::string_view::npos || first.find('@') != std::string_view::npos;
    if (is_address && at != std::string_view::npos) {
      end = std::min(line.find_first_of(white_space, at), line.size());
    }
    shown.append(is_address ? hide_secrets(line.substr(0, end)) : std::string(first));
    line.remove_prefix(end);
  }
  return shown;
}

}  // namespace

std::string printable(std::string_view text, std::size_t bytes_max) {
  // The text after the cut is not read, so a peer's megabytes cost nothing.
  const std::string_view kept = text.substr(0, cut(text, bytes_max));
  std::string valid;
  text::append_valid_utf8(valid, kept);
  std::string shown;
  for (std::string_view rest = valid; !rest.empty();) {
    const auto [code, bytes] = first_code_point(rest);
    if (is_control(code) || ends_line(code) || turns_direction(code)) {
      shown.append(escape(code));
    } else {
      shown.append(rest.substr(0, bytes));
    }
    rest.remove_prefix(bytes);
  }
  if (kept.size() < text.size()) {
    shown.append(ellipsis);
  }
  return shown;
}

std::string hide_secrets(std::string_view value) {
  const std::size_t scheme = value.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::size_t at = value.rfind('@');
  std::string shown(value.substr(0, begin));
  std::string_view rest = value.substr(begin);
  if (at != std::string_view::npos && at >= begin) {
    shown.append(ellipsis);
    rest = value.substr(at);
  }
  const std::size_t query = rest.find_first_of("?#");
  shown.append(rest.substr(0, query));
  if (query != std::string_view::npos) {
    shown.push_back(rest[query]);
    shown.append(ellipsis);
  }
  return shown;
}

std::string quote_value(std::string_view value) {
  return '"' + printable(hide_secrets(value), value_bytes_max) + '"';
}

std::string printable_message(std::string_view message) {
  std::string shown;
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    shown.append(printable(hide_secrets_in_line(message.substr(0, end)), line_bytes_max));
    message.remove_prefix(end);
    if (!message.empty()) {
      shown.push_back('\n');
      message.remove_prefix(1);
    }
  }
  return shown;
}

}  // namespace regstream
