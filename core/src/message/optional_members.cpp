#include "message/optional_members.hpp"

#include <optional>
#include <string>

#include "message/json_number.hpp"
#include "message/json_writer.hpp"
#include "message/time_text.hpp"

namespace regstream::json {
namespace {

bool is_empty_container(std::string_view raw) {
  return raw.find_first_not_of(" \t\r\n", 1) == raw.size() - 1;
}

}  // namespace

void append_member(std::string& object, std::string_view key, const Value& value) {
  if (object.empty()) {
    object = "{";
  } else {
    object.back() = ',';
  }
  const std::string_view quote = value.kind == Kind::string ? "\"" : "";
  append_string(object, key);
  object.append(":").append(quote).append(value.raw).append(quote).append("}");
}

JsonString OptionalMembers::text(const OptionalMember& member) {
  const Value& value = member.value;
  if (value.kind == Kind::string || value.kind == Kind::number) {
    return {value.raw, value.has_escapes};
  }
  set_aside(member);
  return {};
}

JsonString OptionalMembers::word(const OptionalMember& member) {
  const Value& value = member.value;
  if (value.kind == Kind::string) {
    const JsonString word{value.raw, value.has_escapes};
    if ((word.has_escapes ? word.text().size() : word.raw.size()) <= limits_.name_bytes_max) {
      return word;
    }
  }
  set_aside(member);
  return {};
}

JsonText OptionalMembers::container(const OptionalMember& member, Kind kind) {
  const Value& sent = member.value;
  const Kind other = kind == Kind::object ? Kind::array : Kind::object;
  JsonText text{.sent = sent.raw, .copy = {}};
  std::optional<Value> value = sent;
  if (sent.kind == Kind::string) {
    text.copy = text_of(sent);
    // It is one level deep in the message, and in a snapshot.
    value = read_value(text.copy, limits_.depth_max - 1);
  }
  if (value && value->kind == kind) {
    if (sent.kind == Kind::string) {
      text.copy = std::string{value->raw};
    }
    return text;
  }
  if (!value || value->kind != other || !is_empty_container(value->raw)) {
    set_aside(member);
  }
  return {};
}

std::int64_t OptionalMembers::time_ms(const OptionalMember& member) {
  const Value& value = member.value;
  std::optional<std::int64_t> time;
  if (value.kind == Kind::number) {
    time = to_time_ms(value.raw);
  } else if (value.kind == Kind::string) {
    time = read_time_text(text_of(value));
  }
  if (!time) {
    set_aside(member);
  }
  return time.value_or(0);
}

/// Counts the member as unknown, unless it is absent.
void OptionalMembers::set_aside(const OptionalMember& member) {
  if (member.value.kind != Kind::null) {
    append_member(update_.unknown, member.key, member.value);
    ++update_.mistyped;
    update_.mistyped_name = member.key;
    update_.mistyped_expected = member.expected;
  }
}

}  // namespace regstream::json
