#include "message/field_reader.hpp"

#include <string>

#include "message/json_number.hpp"
#include "message/json_writer.hpp"
#include "text/digits.hpp"

namespace regstream::json {
namespace {

constexpr std::string_view is_missing = "is missing";

/// The integer that `value` is, or is the text of. PHP and form data write ids as text, in the form
/// of a printed number: digits without a sign, space or leading zeros. Other text ("007", "42.0")
/// may be an identifier of another kind, and is not an integer here.
Integer integer_of(const Value& value) {
  constexpr Integer none{.value = 0, .is_exact = false};
  if (value.kind == Kind::number) {
    return to_integer(value.raw);
  }
  if (value.kind != Kind::string) {
    return none;
  }
  const std::string digits = text_of(value);
  return text::is_digits(digits) && digits.front() != '0' ? to_integer(digits) : none;
}

}  // namespace

void FieldReader::fail(std::size_t index, std::string_view expectation) {
  refuse(index, std::string{"must be "}.append(expectation), DropReason::not_json);
}

void FieldReader::refuse(std::size_t index, std::string_view predicate, DropReason reason) {
  if (!error_) {
    error_.emplace(DecodeError{.what = std::string{keys_[index]}, .reason = reason});
    error_->what.append(" ").append(predicate);
  }
}

const Value* FieldReader::find(std::size_t index, Kind kind, std::string_view expectation) {
  const Value& value = values_[index];
  if (value.kind == kind) {
    return &value;
  }
  if (value.kind != Kind::null) {
    fail(index, expectation);
  }
  return nullptr;
}

JsonString FieldReader::text_id(std::size_t index) {
  const Value& value = values_[index];
  const JsonString id{value.raw, value.has_escapes};
  if (value.kind == Kind::null) {
    refuse(index, is_missing, DropReason::registration_id_missing);
  } else if (value.kind != Kind::string ||
             !(id.has_escapes ? is_text_id(id.text()) : is_text_id(id.raw))) {
    refuse(index, "must be a string of 1 to 128 bytes without control characters, and not *",
           DropReason::registration_id);
  }
  return id;
}

std::int64_t FieldReader::integer_id(std::size_t index) {
  const Value& value = values_[index];
  const Integer integer = integer_of(value);
  if (value.kind == Kind::null) {
    refuse(index, is_missing, DropReason::registration_id_missing);
  } else if (!integer.is_exact || integer.value < 1) {
    refuse(index, "must be an integer from 1 to 9007199254740991, or its digits as a string",
           DropReason::registration_id);
  } else if (integer.value > integer_max) {
    refuse(index, "is above 9007199254740991 (2^53 - 1), where JavaScript rounds integers",
           DropReason::registration_id_too_large);
  }
  return integer.value;
}

std::int64_t FieldReader::timestamp_ms(std::size_t index) {
  constexpr std::string_view expectation = "a time in milliseconds since 1970";
  const Value* value = find(index, Kind::number, expectation);
  if (value == nullptr) {
    return 0;
  }
  const auto time = to_time_ms(value->raw);
  if (!time) {
    fail(index, expectation);
  }
  return time.value_or(0);
}

JsonString FieldReader::text(std::size_t index) {
  const Value* value = find(index, Kind::string, "a string");
  return value == nullptr ? JsonString{} : JsonString{value->raw, value->has_escapes};
}

JsonString FieldReader::name(std::size_t index, std::size_t bytes_max, Presence presence) {
  const bool is_required = presence == Presence::required;
  const Value& value = values_[index];
  if (value.kind == Kind::null) {
    if (is_required) {
      refuse(index, is_missing, DropReason::not_json);
    }
    return {};
  }
  const JsonString name{value.raw, value.has_escapes};
  const std::size_t bytes = name.has_escapes ? name.text().size() : name.raw.size();
  if (value.kind != Kind::string || bytes > bytes_max || (is_required && bytes == 0)) {
    std::string expectation = is_required ? "a string of 1 to " : "a string of at most ";
    append_integer(expectation, static_cast<std::int64_t>(bytes_max));
    fail(index, expectation.append(" bytes"));
  }
  return name;
}

std::optional<bool> FieldReader::boolean(std::size_t index) {
  const Value* value = find(index, Kind::boolean, "true or false");
  return value == nullptr ? std::nullopt : std::optional{value->raw == "true"};
}

std::string_view FieldReader::raw(std::size_t index, Kind kind) {
  const Value* value = find(index, kind, kind == Kind::object ? "a JSON object" : "a JSON array");
  return value == nullptr ? std::string_view{} : value->raw;
}

}  // namespace regstream::json
