#include <chrono>

#include <catch2/catch.hpp>

#include "broker/round_trips.hpp"

using namespace std::chrono_literals;
using regstream::Instant;
using regstream::broker::RoundTrips;
using Change = regstream::broker::RoundTrips::Change;

TEST_CASE("a slow answer is reported once and its end when answers are well below the limit") {
  RoundTrips trips;
  const Instant now{};
  CHECK_FALSE(trips.last());
  CHECK(trips.on_answer(249ms, now) == Change::none);
  CHECK(trips.on_answer(250ms, now) == Change::slow);
  CHECK(trips.on_answer(900ms, now) == Change::none);
  CHECK(trips.on_answer(125ms, now) == Change::none);
  CHECK(trips.on_answer(124ms, now) == Change::in_time);
  CHECK(trips.on_answer(1ms, now) == Change::none);
  CHECK(trips.on_answer(251ms, now) == Change::slow);
  CHECK(trips.last() == 251ms);
}

TEST_CASE("the longest round trip is remembered for one to two minutes") {
  RoundTrips trips;
  const Instant begin{};
  static_cast<void>(trips.on_answer(9ms, begin + 1s));
  static_cast<void>(trips.on_answer(2ms, begin + 59s));
  CHECK(trips.longest(begin + 60s) == 9ms);
  static_cast<void>(trips.on_answer(3ms, begin + 61s));
  CHECK(trips.longest(begin + 62s) == 9ms);
  static_cast<void>(trips.on_answer(1ms, begin + 121s));
  CHECK(trips.longest(begin + 122s) == 3ms);
  CHECK(trips.longest(begin + 181s) == 1ms);
  CHECK(trips.longest(begin + 300s) == 0ms);
}
