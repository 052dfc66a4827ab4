#include "harness/duration_field.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regstream::harness {
namespace {

// The longest duration in a scenario or a command.
constexpr Duration duration_max = std::chrono::hours(24);

// Durations with a unit, because a number alone would leave the unit open.
std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits == 9) {
      return std::nullopt;
    }
    count = count * 10 + (text[digits] - '0');
  }
  const std::string_view unit = text.substr(digits);
  if (digits == 0) {
    return std::nullopt;
  }
  if (unit == "ms") {
    return Duration(count);
  }
  if (unit == "s") {
    return std::chrono::seconds(count);
  }
  if (unit == "m") {
    return std::chrono::minutes(count);
  }
  if (unit == "h") {
    return std::chrono::hours(count);
  }
  return std::nullopt;
}

}  // namespace

Duration read_duration(const json_fields::Field& field) {
  const auto result =
      field.json().is_string() ? parse_duration(field.json().get<std::string>()) : std::nullopt;
  if (!result) {
    field.fail(R"(must be a duration such as "250ms", "2s", "5m" or "1h")");
  }
  if (*result > duration_max) {
    field.fail("must not be longer than 24h");
  }
  return *result;
}

}  // namespace regstream::harness
