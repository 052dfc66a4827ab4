#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// JSON's numbers, read from their text without a detour through a double: 9007199254740991.0 and
/// 4.2e1 are exact integers, and what no double can hold is known without computing one.
namespace regstream::json {

/// Largest integer that every JSON reader agrees upon: 2^53 - 1.
inline constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

/// A number without what stands behind its decimal point.
struct Integer {
  std::int64_t value = 0;  ///< What is beyond `integer_max` either way is one more than that.
  bool is_exact = true;    ///< Nothing stood behind the point.
};

/// `number` must be of JSON's grammar.
[[nodiscard]] Integer to_integer(std::string_view number);

/// A time in milliseconds since the Unix epoch, from 0 to `integer_max`; fractions are dropped.
/// `number` must be of JSON's grammar.
[[nodiscard]] std::optional<std::int64_t> to_time_ms(std::string_view number);

/// Whether a double can hold it, if not exactly. `number` must be of JSON's grammar.
[[nodiscard]] bool is_finite(std::string_view number);

}  // namespace regstream::json
