#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// JSON texts as nlohmann's document, the reference for the codec.
namespace regstream::fuzz {

using Json = nlohmann::json;

inline constexpr std::int64_t integer_max = 9'007'199'254'740'991;  // 2^53 - 1

/// Builds nlohmann's document, but keeps the text of every number that is not a 64-bit integer, as
/// "binary", a type that JSON doesn't have.
class Builder : public nlohmann::detail::json_sax_dom_parser<Json> {
 public:
  using json_sax_dom_parser::json_sax_dom_parser;
  bool number_float(double /*value*/, const std::string& text) {
    Json::binary_t bytes{std::vector<std::uint8_t>(text.begin(), text.end())};
    return binary(bytes);
  }
};

inline bool is_number(const Json& value) {
  return value.is_number() || value.is_binary();
}

/// A registration's id: a number, or its digits as text. Null if it is neither.
inline Json id_number(const Json& id) {
  if (is_number(id)) {
    return id;
  }
  static const std::regex digits{"[1-9][0-9]*"};
  const std::string text = id.is_string() ? id.get<std::string>() : "";
  // Digits that are too many for a regular expression are too many for an id.
  constexpr std::size_t digits_max = 1000;
  if (text.size() > digits_max || !std::regex_match(text, digits)) {
    return nullptr;
  }
  return Json::binary({text.begin(), text.end()});
}

/// The number as JSON text.
inline std::string number_text(const Json& value) {
  if (!value.is_binary()) {
    return value.dump();
  }
  return {value.get_binary().begin(), value.get_binary().end()};
}

/// A number written out in full.
struct Decimal {
  bool is_negative = false;
  std::string whole;      ///< Without zeros in front.
  bool has_rest = false;  ///< Significant digits after the point.
};

inline Decimal decimal_of(std::string text) {
  Decimal decimal;
  decimal.is_negative = text.front() == '-';
  text.erase(0, decimal.is_negative ? 1 : 0);
  // Beyond the digits of any input, and never more than a few thousand zeros to write.
  constexpr std::int64_t exponent_max = 5000;
  std::int64_t exponent = 0;
  if (const std::size_t mark = text.find_first_of("eE"); mark != std::string::npos) {
    const bool is_negative = text[mark + 1] == '-';
    for (const char digit : text.substr(mark + 1)) {
      if (digit != '-' && digit != '+') {
        exponent = std::min(exponent * 10 + (digit - '0'), exponent_max);
      }
    }
    exponent = is_negative ? -exponent : exponent;
    text.resize(mark);
  }
  std::string rest;
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    rest = text.substr(point + 1);
    text.resize(point);
  }
  for (; exponent > 0; --exponent) {
    text += rest.empty() ? '0' : rest.front();
    rest.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    rest.insert(rest.begin(), text.empty() ? '0' : text.back());
    text.resize(text.empty() ? 0 : text.size() - 1);
  }
  decimal.whole = text.substr(std::min(text.find_first_not_of('0'), text.size()));
  decimal.has_rest = rest.find_first_not_of('0') != std::string::npos;
  return decimal;
}

/// The text with U+FFFD for each escape of half a surrogate pair: JSON's grammar allows them, but
/// nlohmann's parser refuses them.
inline std::string with_whole_characters(std::string_view text) {
  const auto unit_at = [text](std::size_t at) -> unsigned long {
    const std::string_view escape = text.substr(std::min(at, text.size()), 6);
    const bool is_unit =
        escape.size() == 6 && escape.starts_with("\\u") &&
        escape.substr(2).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
    return is_unit ? std::stoul(std::string{escape.substr(2)}, nullptr, 16) : 0;
  };
  const auto is_high = [](unsigned long unit) { return unit >= 0xD800 && unit <= 0xDBFF; };
  const auto is_low = [](unsigned long unit) { return unit >= 0xDC00 && unit <= 0xDFFF; };
  std::string whole;
  for (std::size_t at = 0; at < text.size();) {
    const auto unit = unit_at(at);
    std::size_t size = text[at] == '\\' ? 2 : 1;
    if (is_high(unit) && is_low(unit_at(at + 6))) {
      size = 12;
    } else if (is_high(unit) || is_low(unit)) {
      whole += "\\ufffd";
      at += 6;
      continue;
    }
    whole += text.substr(at, size);
    at += size;
  }
  return whole;
}

/// The document of a text; nothing if it is not JSON. Also nothing where nlohmann's parser accepts
/// more than JSON: it skips a byte order mark, and reads a NUL as the end.
inline std::optional<Json> parse(std::string_view sent) {
  if (sent.starts_with("\xEF\xBB\xBF") || sent.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  const std::string text = with_whole_characters(sent);
  Json document;
  Builder builder{document, false};
  const bool is_json = Json::sax_parse(text.begin(), text.end(), &builder);
  return is_json ? std::optional{std::move(document)} : std::nullopt;
}

/// The depth of a JSON text's brackets. The document doesn't show it, because it drops the first
/// value of a repeated key.
inline std::size_t depth_of(std::string_view json) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool is_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char byte = json[at];
    if (is_string) {
      at += byte == '\\' ? 1 : 0;
      is_string = byte != '"';
    } else if (byte == '"') {
      is_string = true;
    } else if (byte == '{' || byte == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (byte == '}' || byte == ']') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace regstream::fuzz
