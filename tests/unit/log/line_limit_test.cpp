#include <array>
#include <cstdint>
#include <optional>

#include <catch2/catch.hpp>

#include "log/line_limit.hpp"

namespace {

using regstream::Duration;
using regstream::Instant;
using regstream::logging::Condition;
using regstream::logging::LineLimit;

constexpr Instant start{Duration{5}};
constexpr Duration tick{1};

}  // namespace

TEST_CASE("the first line of a condition is written at once") {
  LineLimit limit;
  CHECK(limit.admit("accept", start) == std::optional<std::uint64_t>(0));
  CHECK(limit.admit("handler", start) == std::optional<std::uint64_t>(0));
}

TEST_CASE("a line within ten seconds is held back whatever other conditions do") {
  LineLimit limit;
  CHECK(limit.admit("accept", start));
  CHECK_FALSE(limit.admit("accept", start));
  CHECK(limit.admit("handler", start + tick));
  CHECK_FALSE(limit.admit("accept", start + LineLimit::interval - tick));
}

TEST_CASE("the next line that is written counts those held back") {
  LineLimit limit;
  CHECK(limit.admit("accept", start));
  for (int line = 0; line < 1000; ++line) {
    CHECK_FALSE(limit.admit("accept", start + tick));
  }
  CHECK(limit.admit("accept", start + LineLimit::interval) == std::optional<std::uint64_t>(1000));
  CHECK(limit.admit("accept", start + 2 * LineLimit::interval) == std::optional<std::uint64_t>(0));
}

TEST_CASE("a line that was held back does not put the next one off") {
  LineLimit limit;
  int written = 0;
  for (Duration after{0}; after < 3 * LineLimit::interval; after += tick) {
    written += limit.admit("accept", start + after) ? 1 : 0;
  }
  CHECK(written == 3);
}

TEST_CASE("kinds of a condition are conditions of their own") {
  LineLimit limit;
  const Condition refused = "refused";
  CHECK(limit.admit(refused.of_kind(1), start));
  CHECK(limit.admit(refused.of_kind(2), start));
  CHECK_FALSE(limit.admit(refused.of_kind(1), start));
}

TEST_CASE("conditions with the same text are one wherever the text is stored") {
  static constexpr char one[] = "accept";
  LineLimit limit;
  CHECK(limit.admit("accept", start));
  CHECK_FALSE(limit.admit(one, start));
}
