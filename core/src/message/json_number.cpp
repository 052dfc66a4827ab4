#include "message/json_number.hpp"

#include <algorithm>
#include <cstddef>

#include "text/digits.hpp"

namespace regstream::json {
namespace {

using text::is_digit;

/// The digits of a message can't make up for a larger exponent.
constexpr std::int64_t exponent_max = 1'000'000'000;

/// Any number with at most this many digits is below 2^53.
constexpr std::size_t plain_digits_max = 15;

/// From here doubles round to infinity (IEEE 754-2019, 4.3.1): halfway between the largest double
/// and the next power of two, 2^1024 - 2^970.
constexpr std::string_view infinity_begins_at =
    "179769313486231580793728971405303415079934132710037826936173778980444968292"
    "764750946649017977587207096330286416692887910946555547851940402630657488671"
    "505820681908902000708383676273854845817711531764475730270069855571366959622"
    "842914819860834936475292719074168444365510704342711559699508093042880177904"
    "174497792";
static_assert(infinity_begins_at.size() == 309);

/// The number as 0.d₁d₂d₃… × 10^`magnitude`, where d₁ is not 0.
struct Decimal {
  bool is_negative = false;
  std::string_view digits;  ///< From d₁ on, perhaps with a point among them. Empty: zero.
  std::int64_t magnitude = 0;
};

std::int64_t exponent_of(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  std::int64_t exponent = 0;
  for (const char byte : text) {
    if (is_digit(byte) && exponent < exponent_max) {
      exponent = exponent * 10 + (byte - '0');
    }
  }
  return is_negative ? -exponent : exponent;
}

Decimal decompose(std::string_view number) {
  Decimal decimal;
  if (number.starts_with('-')) {
    decimal.is_negative = true;
    number.remove_prefix(1);
  }
  const std::size_t mark = number.find_first_of("eE");
  std::string_view digits = number.substr(0, mark);
  std::size_t before_point = std::min(digits.find('.'), digits.size());
  while (!digits.empty() && (digits.front() == '0' || digits.front() == '.')) {
    // A leading zero after the point makes the number smaller; one before the point does not
    // count.
    if (digits.front() == '0') {
      decimal.magnitude -= before_point == 0 ? 1 : 0;
    }
    before_point -= before_point == 0 ? 0 : 1;
    digits.remove_prefix(1);
  }
  decimal.digits = digits;
  decimal.magnitude += static_cast<std::int64_t>(before_point);
  if (mark != std::string_view::npos) {
    decimal.magnitude += exponent_of(number.substr(mark + 1));
  }
  return decimal;
}

}  // namespace

Integer to_integer(std::string_view number) {
  // A shortcut for nearly all numbers, without the search for a point and an exponent.
  if (number.size() <= plain_digits_max && text::is_digits(number)) {
    Integer plain;
    for (const char digit : number) {
      plain.value = plain.value * 10 + (digit - '0');
    }
    return plain;
  }
  const Decimal decimal = decompose(number);
  Integer integer;
  std::int64_t magnitude = decimal.digits.empty() ? 0 : decimal.magnitude;
  for (const char byte : decimal.digits) {
    if (byte == '.') {
      continue;
    }
    if (magnitude <= 0) {
      integer.is_exact = integer.is_exact && byte == '0';
    } else {
      integer.value = std::min(integer.value * 10 + (byte - '0'), integer_max + 1);
    }
    --magnitude;
  }
  for (; magnitude > 0 && integer.value <= integer_max; --magnitude) {
    integer.value = std::min(integer.value * 10, integer_max + 1);
  }
  if (decimal.is_negative) {
    integer.value = -integer.value;
  }
  return integer;
}

std::optional<std::int64_t> to_time_ms(std::string_view number) {
  const Integer integer = to_integer(number);
  const bool is_negative = integer.value < 0 || (number.starts_with('-') && !integer.is_exact);
  return is_negative || integer.value > integer_max ? std::nullopt : std::optional{integer.value};
}

bool is_finite(std::string_view number) {
  constexpr auto bound_magnitude = static_cast<std::int64_t>(infinity_begins_at.size());
  const Decimal decimal = decompose(number);
  if (decimal.digits.empty() || decimal.magnitude != bound_magnitude) {
    return decimal.digits.empty() || decimal.magnitude < bound_magnitude;
  }
  std::size_t compared = 0;
  for (const char byte : decimal.digits) {
    if (byte == '.') {
      continue;
    }
    if (compared == infinity_begins_at.size() || byte != infinity_begins_at[compared]) {
      return compared < infinity_begins_at.size() && byte < infinity_begins_at[compared];
    }
    ++compared;
  }
  return compared < infinity_begins_at.size();
}

}  // namespace regstream::json
