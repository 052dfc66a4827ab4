// Three functions of the C library that nlohmann's parser pulls in, small. Emscripten's own ones,
// with all of printf and 128-bit long double behind them, are a third of the module.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace {

constexpr bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// Digits beyond these change a double's value by less than half of its last bit.
constexpr std::uint64_t mantissa_max = std::numeric_limits<std::uint64_t>::max() / 10 - 1;

/// Large enough to be infinity or zero with any mantissa that fits into a message.
constexpr int exponent_max = 100'000'000;

/// The largest power of ten that a double holds exactly.
constexpr int exact_power_max = 22;

double power_of_ten(int exponent) {
  double power = 1;
  for (int step = 0; step < exponent; ++step) {
    power *= 10;
  }
  return power;
}

double scaled(double value, int exponent) {
  constexpr double largest = std::numeric_limits<double>::max();
  while (exponent != 0 && value != 0 && value <= largest) {
    if (exponent > 0) {
      const int step = exponent < exact_power_max ? exponent : exact_power_max;
      value *= power_of_ten(step);
      exponent -= step;
    } else {
      const int step = -exponent < exact_power_max ? -exponent : exact_power_max;
      value /= power_of_ten(step);
      exponent += step;
    }
  }
  return value;
}

}  // namespace

/// Reads a number of JSON's grammar, which nlohmann's scanner has checked already. Whole numbers up
/// to 2^53, all that the core takes out of it, are exact however they are written; others may be a
/// rounding or two away.
extern "C" double strtod(const char* text, char** end) {
  const bool is_negative = *text == '-';
  if (is_negative) {
    ++text;
  }
  std::uint64_t mantissa = 0;
  int exponent = 0;
  bool is_fraction = false;
  for (; is_digit(*text) || (*text == '.' && !is_fraction); ++text) {
    if (*text == '.') {
      is_fraction = true;
    } else if (mantissa <= mantissa_max) {
      mantissa = mantissa * 10 + static_cast<std::uint64_t>(*text - '0');
      exponent -= is_fraction ? 1 : 0;
    } else {
      exponent += is_fraction ? 0 : 1;
    }
  }
  if (*text == 'e' || *text == 'E') {
    ++text;
    const bool is_negative_exponent = *text == '-';
    if (*text == '-' || *text == '+') {
      ++text;
    }
    int written = 0;
    for (; is_digit(*text); ++text) {
      if (written < exponent_max) {
        written = written * 10 + (*text - '0');
      }
    }
    exponent += is_negative_exponent ? -written : written;
  }
  if (end != nullptr) {
    *end = const_cast<char*>(text);
  }
  // A mantissa above 2^53 would be rounded: 9007199254740991.0 must stay what it is.
  while (exponent < 0 && mantissa != 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    ++exponent;
  }
  const double value = scaled(static_cast<double>(mantissa), exponent);
  return is_negative ? -value : value;
}

// libc has these two in one file with strtod, and would bring its own of all three.
extern "C" float strtof(const char* text, char** end) {
  return static_cast<float>(strtod(text, end));
}

extern "C" long double strtold(const char* text, char** end) {
  return strtod(text, end);
}

/// Writes nothing. The parser formats a control character for its error text by this, and the core
/// gives a text of its own instead.
extern "C" int snprintf(char* buffer, std::size_t size, const char* /*format*/, ...) {
  if (size > 0) {
    *buffer = '\0';
  }
  return 0;
}
