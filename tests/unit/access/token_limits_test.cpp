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

TEST_CASE("a token has so many streams at a time, and each token its own") {
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

TEST_CASE("who comes without a token has no limit, nor has anybody where none is set") {
  TokenLimits limits(1, 1);
  TokenLimits none(0, 0);
  const auto first = limits.enter_stream(grant_of(""));
  const auto second = limits.enter_stream(grant_of(""));
  CHECK((first && second));
  const auto third = none.enter_stream(grant_of("one"));
  const auto fourth = none.enter_stream(grant_of("one"));
  CHECK((third && fourth));
  for (int update = 0; update < 100; ++update) {
    CHECK_FALSE(limits.refuse_update(grant_of(""), begin));
    CHECK_FALSE(none.refuse_update(grant_of("one"), begin));
  }
  CHECK(limits.streams_refused() == 0);
  CHECK(limits.updates_refused() == 0);
}

TEST_CASE("a token publishes a second's updates at once, and from then on at its rate") {
  TokenLimits limits(0, 10);
  const Grant grant = grant_of("one");
  for (int update = 0; update < 10; ++update) {
    CHECK_FALSE(limits.refuse_update(grant, begin));
  }
  CHECK(limits.refuse_update(grant, begin) == Duration{100});
  CHECK(limits.refuse_update(grant, begin + Duration{99}) == Duration{1});
  CHECK_FALSE(limits.refuse_update(grant_of("other"), begin));
  CHECK_FALSE(limits.refuse_update(grant, begin + Duration{100}));
  CHECK(limits.refuse_update(grant, begin + Duration{100}) == Duration{100});
  CHECK(limits.updates_refused() == 3);
  // After a second's rest the bucket is full again, and no fuller after an hour's.
  for (const Duration rest : {Duration{1'100}, Duration{3'600'000}}) {
    int accepted = 0;
    while (!limits.refuse_update(grant, begin + rest)) {
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
      while (!rates.refuse("one", begin + passed)) {
        ++accepted;
      }
    }
    // A full bucket, and what 2750 ms bring.
    CHECK(accepted >= rate + rate * 11 / 4);
    CHECK(accepted <= rate + rate * 11 / 4 + 1);
  }
}

TEST_CASE("of many tokens those are forgotten that published least") {
  UpdateRates rates(2);
  const auto name = [](std::size_t index) { return "token " + std::to_string(index); };
  for (int update = 0; update < 2; ++update) {
    CHECK_FALSE(rates.refuse(name(0), begin));
  }
  for (std::size_t index = 1; index < UpdateRates::tokens_max; ++index) {
    REQUIRE_FALSE(rates.refuse(name(index), begin));
  }
  // One more than are remembered: another one gives way, not the one that is at its limit.
  CHECK_FALSE(rates.refuse(name(UpdateRates::tokens_max), begin));
  CHECK(rates.refuse(name(0), begin));
}
