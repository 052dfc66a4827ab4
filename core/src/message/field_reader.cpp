#include "message/field_reader.hpp"

#include "message/json_number.hpp"
#include "message/json_writer.hpp"

namespace regstream::json {

void FieldReader::fail(std::size_t index, std::string_view expectation) {
  if (!error_) {
    error_.emplace();
    error_->what.append(keys_[index]).append(" must be ").append(expectation);
  }
}

const Value* FieldReader::find(std::size_t index, Kind kind, Presence presence,
                               std::string_view expectation) {
  const Value& value = values_[index];
  if (value.kind == kind) {
    return &value;
  }
  if (value.kind != Kind::null || presence == Presence::required) {
    fail(index, expectation);
  }
  return nullptr;
}

std::int64_t FieldReader::identifier(std::size_t index) {
  constexpr std::string_view expectation = "an integer from 1 to 9007199254740991";
  const Value* value = find(index, Kind::number, Presence::required, expectation);
  if (value == nullptr) {
    return 0;
  }
  const Integer integer = to_integer(value->raw);
  if (!integer.is_exact || integer.value < 1 || integer.value > integer_max) {
    fail(index, expectation);
  }
  return integer.value;
}

std::int64_t FieldReader::timestamp_ms(std::size_t index) {
  constexpr std::string_view expectation = "a time in milliseconds since 1970";
  const Value* value = find(index, Kind::number, Presence::optional, expectation);
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
  const Value* value = find(index, Kind::string, Presence::optional, "a string");
  return value == nullptr ? JsonString{} : JsonString{value->raw, value->has_escapes};
}

JsonString FieldReader::name(std::size_t index, std::size_t bytes_max, Presence presence) {
  const bool is_required = presence == Presence::required;
  const Value& value = values_[index];
  if (value.kind == Kind::null && !is_required) {
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
  const Value* value = find(index, Kind::boolean, Presence::optional, "true or false");
  return value == nullptr ? std::nullopt : std::optional{value->raw == "true"};
}

std::string_view FieldReader::raw(std::size_t index, Kind kind) {
  const Value* value = find(index, kind, Presence::optional,
                            kind == Kind::object ? "a JSON object" : "a JSON array");
  return value == nullptr ? std::string_view{} : value->raw;
}

}  // namespace regstream::json
