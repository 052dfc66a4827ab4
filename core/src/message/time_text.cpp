#include "message/time_text.hpp"

#include <array>
#include <cstddef>

#include "message/json_number.hpp"
#include "text/digits.hpp"

namespace regstream {
namespace {

using text::is_digit;

constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t hour_ms = 60 * minute_ms;
constexpr std::int64_t day_ms = 24 * hour_ms;

/// Reads a text from its front. Once something expected is missing, the text is wrong for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool is_right() const { return is_right_; }
  [[nodiscard]] bool is_at_end() const { return rest_.empty(); }

  [[nodiscard]] bool consume_any_of(std::string_view letters) {
    if (rest_.empty() || letters.find(rest_.front()) == std::string_view::npos) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  void expect_any_of(std::string_view letters) { is_right_ = consume_any_of(letters) && is_right_; }

  /// Reads exactly `digits` digits, for a number from `least` to `most`.
  std::int64_t number(std::size_t digits, std::int64_t least, std::int64_t most) {
    std::int64_t number = 0;
    for (; digits > 0 && !rest_.empty() && is_digit(rest_.front()); --digits) {
      number = number * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    is_right_ = is_right_ && digits == 0 && number >= least && number <= most;
    return number;
  }

  /// Reads the digits after the point, at least one, as milliseconds.
  std::int64_t fraction_ms() {
    std::int64_t ms = 0;
    std::int64_t worth = 100;
    is_right_ = is_right_ && !rest_.empty() && is_digit(rest_.front());
    for (; !rest_.empty() && is_digit(rest_.front()); worth /= 10) {
      ms += (rest_.front() - '0') * worth;
      rest_.remove_prefix(1);
    }
    return ms;
  }

 private:
  std::string_view rest_;
  bool is_right_ = true;
};

std::int64_t days_in(std::int64_t year, std::int64_t month) {
  constexpr std::array<std::int64_t, 12> days{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[static_cast<std::size_t>(month - 1)] + (is_leap && month == 2 ? 1 : 0);
}

/// The days from 1970-01-01 to a day of the Gregorian calendar.
std::int64_t days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
  // With years that begin in March, the leap day is the last day.
  const std::int64_t years = year - (month <= 2 ? 1 : 0);
  const std::int64_t months = (month + 9) % 12;
  const std::int64_t leap_days = years / 4 - years / 100 + years / 400;
  constexpr std::int64_t to_1970 = 719'468;  // From the first of March of the year 0.
  return years * 365 + leap_days + (months * 153 + 2) / 5 + day - 1 - to_1970;
}

std::int64_t zone_ms(Reader& reader) {
  if (reader.consume_any_of("Zz")) {
    return 0;
  }
  const bool is_west = reader.consume_any_of("-");
  if (!is_west) {
    reader.expect_any_of("+");
  }
  std::int64_t zone = reader.number(2, 0, 23) * hour_ms;
  if (!reader.is_at_end()) {
    (void)reader.consume_any_of(":");
    zone += reader.number(2, 0, 59) * minute_ms;
  }
  return is_west ? -zone : zone;
}

}  // namespace

std::optional<std::int64_t> read_time_text(std::string_view text) {
  if (text::is_digits(text)) {
    const std::int64_t ms = json::to_integer(text).value;
    return ms <= json::integer_max ? std::optional{ms} : std::nullopt;
  }
  Reader reader{text};
  const std::int64_t year = reader.number(4, 1, 9999);
  reader.expect_any_of("-");
  const std::int64_t month = reader.number(2, 1, 12);
  reader.expect_any_of("-");
  const std::int64_t day = reader.number(2, 1, 31);
  reader.expect_any_of("Tt ");
  std::int64_t ms = reader.number(2, 0, 23) * hour_ms;
  reader.expect_any_of(":");
  ms += reader.number(2, 0, 59) * minute_ms;
  if (reader.consume_any_of(":")) {
    ms += reader.number(2, 0, 60) * 1'000;
    ms += reader.consume_any_of(".,") ? reader.fraction_ms() : 0;
  }
  ms -= zone_ms(reader);
  if (!reader.is_right() || !reader.is_at_end() || day > days_in(year, month)) {
    return std::nullopt;
  }
  ms += days_since_1970(year, month, day) * day_ms;
  return ms >= 0 ? std::optional{ms} : std::nullopt;
}

}  // namespace regstream
