#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "access/token_limits.hpp"

using namespace regstream;
using namespace regstream::access;

namespace {

Grant grant_of(const std::string& token) {
  Grant grant;
  grant.token = token;
  return grant;
}

constexpr Instant begin{Duration{1'000'000}};

}  // namespace

TEST_CASE("a token has so many streams at a time and each token its own") {
  TokenLimits limits(2, 0);
  const auto first = limits.enter_stream(grant_of("one"));
  auto second = limits.enter_stream(grant_of("one"));
  CHECK(first);
  CHECK(second);
  CHECK_FALSE(limits.enter_stream(grant_of("one")));
  CHECK(limits.streams_refused() == 1);
  CHECK(limits.enter_stream(grant_of("other")));
  second.reset();
  CHECK(limits.enter_stream(grant_of("one")));
}

TEST_CASE("a request without a token has no limit and neither has anyone if none is set") {
  TokenLimits limits(1, 1);
  TokenLimits none(0, 0);
  const auto first = limits.enter_stream(grant_of(""));
  const auto second = limits.enter_stream(grant_of(""));
  CHECK((first && second));
  const auto third = none.enter_stream(grant_of("one"));
  const auto fourth = none.enter_stream(grant_of("one"));
  CHECK((third && fourth));
  for (int update = 0; update < 100; ++update) {
    CHECK_FALSE(limits.refuse_update(grant_of(""), 1, begin));
    CHECK_FALSE(none.refuse_update(grant_of("one"), 1, begin));
  }
  CHECK(limits.streams_refused() == 0);
  CHECK(limits.updates_refused() == 0);
}

TEST_CASE("a token publishes a second's updates at once and from then on at its rate") {
  TokenLimits limits(0, 10);
  const Grant grant = grant_of("one");
  for (int update = 0; update < 10; ++update) {
    CHECK_FALSE(limits.refuse_update(grant, 1, begin));
  }
  CHECK(limits.refuse_update(grant, 1, begin) == Duration{100});
  CHECK(limits.refuse_update(grant, 1, begin + Duration{99}) == Duration{1});
  CHECK_FALSE(limits.refuse_update(grant_of("other"), 1, begin));
  CHECK_FALSE(limits.refuse_update(grant, 1, begin + Duration{100}));
  CHECK(limits.refuse_update(grant, 1, begin + Duration{100}) == Duration{100});
  CHECK(limits.updates_refused() == 3);
  // After a second's rest the bucket is full again, and no fuller after an hour's.
  for (const Duration rest : {Duration{1'100}, Duration{3'600'000}}) {
    int accepted = 0;
    while (!limits.refuse_update(grant, 1, begin + rest)) {
      ++accepted;
    }
    CHECK(accepted == 10);
  }
}

TEST_CASE("a high rate is kept as well as a low one") {
  for (const std::size_t rate : {1U, 7U, 1'000U, 100'000U}) {
    UpdateRates rates(rate);
    std::size_t accepted = 0;
    for (Duration passed{0}; passed < Duration{3'000}; passed += Duration{250}) {
      while (!rates.refuse("one", 1, begin + passed)) {
        ++accepted;
      }
    }
    // A full bucket, and what 2750 ms bring.
    CHECK(accepted >= rate + rate * 11 / 4);
    CHECK(accepted <= rate + rate * 11 / 4 + 1);
  }
}

TEST_CASE("a large update counts as several") {
  constexpr std::size_t unit = UpdateRates::counted_bytes;
  UpdateRates rates(10);
  CHECK_FALSE(rates.refuse("one", 4 * unit, begin));
  CHECK_FALSE(rates.refuse("one", 4 * unit + 1, begin));
  CHECK_FALSE(rates.refuse("one", 0, begin));
  CHECK(rates.refuse("one", 1, begin) == Duration{100});
  CHECK(rates.refuse("one", 2 * unit, begin) == Duration{200});
  CHECK_FALSE(rates.refuse("one", 2 * unit, begin + Duration{200}));
}

TEST_CASE("an update that is more than the bucket holds passes when it is full and is paid for") {
  constexpr std::size_t unit = UpdateRates::counted_bytes;
  UpdateRates rates(2);
  CHECK_FALSE(rates.refuse("one", 1, begin));
  CHECK(rates.refuse("one", 20 * unit, begin) == Duration{500});
  CHECK_FALSE(rates.refuse("one", 20 * unit, begin + Duration{500}));
  CHECK(rates.refuse("one", 1, begin + Duration{500}) == Duration{9'500});
  CHECK_FALSE(rates.refuse("one", 1, begin + Duration{10'000}));
}

TEST_CASE("of many tokens the ones that published least are forgotten") {
  UpdateRates rates(2);
  const auto name = [](std::size_t index) { return "token " + std::to_string(index); };
  for (int update = 0; update < 2; ++update) {
    CHECK_FALSE(rates.refuse(name(0), 1, begin));
  }
  for (std::size_t index = 1; index < UpdateRates::tokens_max; ++index) {
    REQUIRE_FALSE(rates.refuse(name(index), 1, begin));
  }
  // One token more than the maximum: another one is forgotten, not the one at its limit.
  CHECK_FALSE(rates.refuse(name(UpdateRates::tokens_max), 1, begin));
  CHECK(rates.refuse(name(0), 1, begin));
}
