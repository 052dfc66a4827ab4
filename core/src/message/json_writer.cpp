#include "message/json_writer.hpp"

#include <cstddef>
#include <cstdint>

#include "text/digits.hpp"
#include "text/utf8.hpp"

namespace regstream::json {
namespace {

bool must_escape(char byte) {
  return byte == '"' || byte == '\\' || static_cast<unsigned char>(byte) < 0x20;
}

void append_escaped(std::string& out, char byte) {
  switch (byte) {
    case '"':
      out.append("\\\"");
      return;
    case '\\':
      out.append("\\\\");
      return;
    case '\n':
      out.append("\\n");
      return;
    case '\r':
      out.append("\\r");
      return;
    case '\t':
      out.append("\\t");
      return;
    default:
      constexpr std::string_view digits = "0123456789abcdef";
      const auto value = static_cast<unsigned char>(byte);
      out.append("\\u00").push_back(digits[value >> 4U]);
      out.push_back(digits[value & 0xFU]);
  }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && !must_escape(text[plain])) {
      ++plain;
    }
    text::append_valid_utf8(out, text.substr(0, plain));
    if (plain == text.size()) {
      break;
    }
    append_escaped(out, text[plain]);
    text.remove_prefix(plain + 1);
  }
  out.push_back('"');
}

void append_integer(std::string& out, std::int64_t value) {
  auto magnitude = static_cast<std::uint64_t>(value);
  if (value < 0) {
    out.push_back('-');
    magnitude = 0 - magnitude;
  }
  text::append_digits(out, magnitude);
}

void ObjectWriter::separate() {
  if (!is_empty_) {
    out_.push_back(',');
  }
  is_empty_ = false;
}

void ObjectWriter::key(std::string_view key) {
  separate();
  append_string(out_, key);
  out_.push_back(':');
}

void ObjectWriter::string(std::string_view key, std::string_view text) {
  this->key(key);
  append_string(out_, text);
}

void ObjectWriter::string_or_null(std::string_view key, std::string_view text) {
  if (text.empty()) {
    raw_or_null(key, {});
  } else {
    string(key, text);
  }
}

void ObjectWriter::integer(std::string_view key, std::int64_t value) {
  this->key(key);
  append_integer(out_, value);
}

void ObjectWriter::timestamp_or_null(std::string_view key, std::int64_t value) {
  if (value == 0) {
    raw_or_null(key, {});
  } else {
    integer(key, value);
  }
}

void ObjectWriter::boolean(std::string_view key, bool value) {
  this->key(key);
  out_.append(value ? "true" : "false");
}

void ObjectWriter::members(std::string_view json) {
  constexpr std::size_t brackets = 2;
  if (json.size() > brackets) {
    separate();
    out_.append(json.substr(1, json.size() - brackets));
  }
}

void ObjectWriter::raw_or_null(std::string_view key, std::string_view json) {
  this->key(key);
  out_.append(json.empty() ? "null" : json);
}

}  // namespace regstream::json
