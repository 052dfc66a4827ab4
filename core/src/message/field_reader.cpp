#include "message/field_reader.hpp"

#include <utility>

namespace regstream::json {

void FieldReader::fail(std::size_t index, std::string_view expectation) {
  if (!error_) {
    error_ = DecodeError{std::string{keys_[index]}.append(" must be ").append(expectation)};
  }
}

Value* FieldReader::find(std::size_t index, Kind kind, Presence presence,
                         std::string_view expectation) {
  Value& value = values_[index];
  if (value.kind == kind) {
    return &value;
  }
  if (value.kind != Kind::null || presence == Presence::required) {
    fail(index, expectation);
  }
  return nullptr;
}

std::int64_t FieldReader::integer(std::size_t index, std::int64_t least, Presence presence) {
  const std::string expectation =
      "an integer from " + std::to_string(least) + " to " + std::to_string(integer_max);
  const Value* value = find(index, Kind::number, presence, expectation);
  if (value == nullptr) {
    return 0;
  }
  // The range comes first: converting a double that does not fit is undefined.
  if (!(value->number >= static_cast<double>(least) &&
        value->number <= static_cast<double>(integer_max))) {
    fail(index, expectation);
    return 0;
  }
  const auto integer = static_cast<std::int64_t>(value->number);
  if (static_cast<double>(integer) != value->number) {
    fail(index, expectation);
  }
  return integer;
}

std::int64_t FieldReader::timestamp_ms(std::size_t index) {
  constexpr std::string_view expectation = "a time in milliseconds since 1970";
  const Value* value = find(index, Kind::number, Presence::optional, expectation);
  if (value == nullptr) {
    return 0;
  }
  if (!(value->number >= 0 && value->number <= static_cast<double>(integer_max))) {
    fail(index, expectation);
    return 0;
  }
  return static_cast<std::int64_t>(value->number);
}

std::string FieldReader::text(std::size_t index) {
  Value* value = find(index, Kind::string, Presence::optional, "a string");
  return value == nullptr ? std::string{} : std::move(value->string);
}

std::string FieldReader::name(std::size_t index, std::size_t bytes_max, Presence presence) {
  const std::string expectation =
      "a string of " + std::string{presence == Presence::required ? "1 to " : "at most "} +
      std::to_string(bytes_max) + " bytes";
  Value* value = find(index, Kind::string, presence, expectation);
  if (value == nullptr) {
    return {};
  }
  if (value->string.size() > bytes_max ||
      (value->string.empty() && presence == Presence::required)) {
    fail(index, expectation);
  }
  return std::move(value->string);
}

std::optional<bool> FieldReader::boolean(std::size_t index) {
  const Value* value = find(index, Kind::boolean, Presence::optional, "true or false");
  return value == nullptr ? std::nullopt : std::optional{value->boolean};
}

std::string_view FieldReader::raw(std::size_t index, Kind kind) {
  const Value* value = find(index, kind, Presence::optional,
                            kind == Kind::object ? "a JSON object" : "a JSON array");
  return value == nullptr ? std::string_view{} : value->raw;
}

}  // namespace regstream::json
