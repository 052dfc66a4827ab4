#include "message/json_reader.hpp"

#include <algorithm>
#include <utility>

#include "message/json_scanner.hpp"
#include "message/json_writer.hpp"
#include "text/utf8.hpp"

namespace regstream::json {
namespace {

constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// Reads four hexadecimal digits, which the scanner has checked.
std::uint32_t read_hex(std::string_view& text) {
  std::uint32_t unit = 0;
  for (std::size_t index = 0; index < 4; ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    unit = unit * 16 + (byte <= '9' ? byte - '0' : (byte | 0x20U) - 'a' + 10U);
  }
  text.remove_prefix(4);
  return unit;
}

/// Reads the digits of an escape, and the whole next escape if the two form one character.
std::uint32_t read_code_point(std::string_view& text) {
  const std::uint32_t unit = read_hex(text);
  if (unit < 0xD800 || unit > 0xDFFF) {
    return unit;
  }
  if (unit <= 0xDBFF && text.starts_with("\\u")) {
    std::string_view next = text.substr(2);
    const std::uint32_t low = read_hex(next);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      text = next;
      return 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
    }
  }
  constexpr std::uint32_t replacement = 0xFFFD;
  return replacement;
}

char unescaped(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

std::size_t find_key(std::span<const std::string_view> keys, const Value& key, std::size_t guess) {
  if (key.has_escapes) {
    const std::string text = text_of(key);
    return find_key(keys, {.kind = Kind::string, .has_escapes = false, .raw = text}, guess);
  }
  // A publisher's messages have their keys in one order, usually ours.
  for (std::size_t count = 0; count < keys.size(); ++count, ++guess) {
    const std::size_t index = guess < keys.size() ? guess : guess - keys.size();
    if (keys[index] == key.raw) {
      return index;
    }
  }
  return npos;
}

class Reader {
 public:
  Reader(std::string_view subject, std::string_view json, const Limits& limits)
      : subject_(subject), json_(json), limits_(limits), scanner_(json, limits.depth_max) {}

  std::optional<DecodeError> object(const Wanted& wanted, const Nested* nested) {
    if (auto error = begin('{', "must be a JSON object")) {
      return error;
    }
    return members(wanted, nested, 1) ? end() : invalid();
  }

  std::optional<DecodeError> array(std::vector<std::string_view>& elements,
                                   std::size_t elements_max) {
    if (auto error = begin('[', "must be a JSON array")) {
      return error;
    }
    (void)scanner_.consume_if('[');
    scanner_.skip_space();
    if (scanner_.consume_if(']')) {
      return end();
    }
    do {
      scanner_.skip_space();
      Value element;
      if (!scanner_.scan_value(element, 1)) {
        return invalid();
      }
      if (element.kind != Kind::object) {
        return problem("must have JSON objects as its elements", DropReason::not_an_object);
      }
      if (elements.size() == elements_max) {
        return problem("has too many elements: at most ", elements_max, " are accepted",
                       DropReason::too_long);
      }
      elements.push_back(element.raw);
      scanner_.skip_space();
    } while (scanner_.consume_if(','));
    return scanner_.consume_if(']') ? end() : invalid();
  }

 private:
  std::optional<DecodeError> begin(char bracket, std::string_view expectation) {
    if (json_.size() > limits_.bytes_max) {
      DecodeError error = problem("is too long: it has ", json_.size(), " bytes, and at most ",
                                  DropReason::too_long);
      json::append_integer(error.what, static_cast<std::int64_t>(limits_.bytes_max));
      error.what.append(" are accepted");
      return error;
    }
    // Checked once for the whole text: a byte above ASCII outside of strings is an error anyway.
    if (!text::is_valid_utf8(json_)) {
      return problem("is not valid UTF-8", DropReason::not_json);
    }
    scanner_.skip_space();
    if (scanner_.is_next(bracket)) {
      return limits_.depth_max > 0 ? std::nullopt : std::optional{too_deep()};
    }
    Value other;
    if (!scanner_.scan_value(other, 0)) {
      return invalid();
    }
    if (auto error = end()) {
      return error;
    }
    DecodeError error = problem(expectation, DropReason::not_an_object);
    if (other.kind == Kind::array) {
      error.what.append(", and is an array");
      error.reason = DropReason::array;
    }
    return error;
  }

  /// Checks that only space follows the value.
  std::optional<DecodeError> end() {
    scanner_.skip_space();
    if (scanner_.is_at_end()) {
      return std::nullopt;
    }
    Value another;
    return scanner_.scan_value(another, 0)
               ? problem("has more than one JSON value", DropReason::several_values)
               : invalid();
  }

  /// Reads the object at the scanner, `depth` brackets deep including its own.
  bool members(const Wanted& wanted, const Nested* nested, std::size_t depth) {
    (void)scanner_.consume_if('{');
    scanner_.skip_space();
    if (scanner_.consume_if('}')) {
      return true;
    }
    std::size_t guess = 0;
    do {
      scanner_.skip_space();
      const std::size_t member_begin = scanner_.position();
      Value key;
      if (!scanner_.scan_key(key)) {
        return false;
      }
      const std::size_t index = find_key(wanted.keys, key, guess);
      if (!value(wanted, index, nested, depth)) {
        return false;
      }
      if (index != npos) {
        guess = index + 1;
      } else if (wanted.unknown != nullptr) {
        wanted.unknown->push_back(wanted.unknown->empty() ? '{' : ',');
        wanted.unknown->append(scanner_.since(member_begin));
      }
      scanner_.skip_space();
    } while (scanner_.consume_if(','));
    if (wanted.unknown != nullptr && !wanted.unknown->empty()) {
      wanted.unknown->push_back('}');
    }
    return scanner_.consume_if('}');
  }

  bool value(const Wanted& wanted, std::size_t index, const Nested* nested, std::size_t depth) {
    Value unwanted;
    Value& value = index == npos ? unwanted : wanted.values[index];
    if (nested == nullptr || index != nested->index) {
      return scanner_.scan_value(value, depth);
    }
    // If the object occurs twice, the last one counts, including the members that it lacks.
    for (Value& earlier : nested->wanted.values) {
      earlier = {};
    }
    if (nested->wanted.unknown != nullptr) {
      nested->wanted.unknown->clear();
    }
    if (!scanner_.is_next('{') || depth >= limits_.depth_max) {
      return scanner_.scan_value(value, depth);
    }
    const std::size_t value_begin = scanner_.position();
    const bool is_valid = members(nested->wanted, nullptr, depth + 1);
    value.kind = Kind::object;
    value.raw = scanner_.since(value_begin);
    return is_valid;
  }

  [[nodiscard]] DecodeError problem(std::string_view predicate, DropReason reason) const {
    DecodeError error{.what = std::string{subject_}, .reason = reason};
    error.what.append(" ").append(predicate);
    return error;
  }

  [[nodiscard]] DecodeError problem(std::string_view before, std::size_t number,
                                    std::string_view after, DropReason reason) const {
    DecodeError error = problem(before, reason);
    json::append_integer(error.what, static_cast<std::int64_t>(number));
    error.what.append(after);
    return error;
  }

  [[nodiscard]] DecodeError too_deep() const {
    return problem("is nested too deeply: at most ", limits_.depth_max, " levels are accepted",
                   DropReason::too_deep);
  }

  [[nodiscard]] DecodeError invalid() const {
    return scanner_.is_too_deep() ? too_deep()
                                  : problem("is not valid JSON: the error is at byte ",
                                            scanner_.position() + 1, "", DropReason::not_json);
  }

  std::string_view subject_;
  std::string_view json_;
  Limits limits_;
  Scanner scanner_;
};

}  // namespace

std::string text_of(const Value& string) {
  std::string text;
  std::string_view raw = string.raw;
  if (!string.has_escapes) {
    text = raw;
    return text;
  }
  while (!raw.empty()) {
    const std::size_t plain = std::min(raw.find('\\'), raw.size());
    text.append(raw.substr(0, plain));
    raw.remove_prefix(plain);
    if (raw.empty()) {
      break;
    }
    const char letter = raw[1];
    raw.remove_prefix(2);
    if (letter != 'u') {
      text.push_back(unescaped(letter));
      continue;
    }
    text::append_code_point(text, read_code_point(raw));
  }
  return text;
}

std::optional<Value> read_value(std::string_view json, std::size_t depth_max) {
  Scanner scanner{json, depth_max};
  Value value;
  scanner.skip_space();
  if (!scanner.scan_value(value, 0)) {
    return std::nullopt;
  }
  scanner.skip_space();
  return scanner.is_at_end() ? std::optional{value} : std::nullopt;
}

std::optional<DecodeError> read_object(std::string_view subject, std::string_view json,
                                       const Limits& limits, const Wanted& wanted,
                                       const Nested* nested) {
  return Reader{subject, json, limits}.object(wanted, nested);
}

std::variant<std::vector<std::string_view>, DecodeError> read_array_of_objects(
    std::string_view subject, std::string_view json, const Limits& limits,
    std::size_t elements_max) {
  std::vector<std::string_view> elements;
  if (auto error = Reader{subject, json, limits}.array(elements, elements_max)) {
    return *std::move(error);
  }
  return elements;
}

}  // namespace regstream::json
