#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// JSON's numbers, read from their text without a detour through a double: 9007199254740991.0 and
/// 4.2e1 are exact integers, and a number that no double can hold is recognised without computing
/// one.
namespace regstream::json {

/// The largest integer that every JSON reader reads exactly: 2^53 - 1.
inline constexpr std::int64_t integer_max = (std::int64_t{1} << 53) - 1;

/// A number without the digits after its decimal point.
struct Integer {
  /// A number beyond `integer_max` in either direction is one beyond it.
  std::int64_t value = 0;
  bool is_exact = true;  ///< There were no digits after the point.
};

/// `number` must follow JSON's grammar.
[[nodiscard]] Integer to_integer(std::string_view number);

/// Returns a time in milliseconds since the Unix epoch, from 0 to `integer_max`; fractions are
/// dropped. `number` must follow JSON's grammar.
[[nodiscard]] std::optional<std::int64_t> to_time_ms(std::string_view number);

/// Whether a double can hold the number, even if not exactly. `number` must follow JSON's grammar.
[[nodiscard]] bool is_finite(std::string_view number);

}  // namespace regstream::json
