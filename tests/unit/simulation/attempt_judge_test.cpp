#include "simulation/attempt_judge.hpp"

#include <catch2/catch.hpp>

#include "simulation/world.hpp"

using namespace regstream;
using namespace regstream::simulation;

namespace {

Instant at(std::int64_t time_ms) {
  return Instant{Duration{time_ms}};
}

struct Trying : AttemptJudge {
  Trying() : AttemptJudge("somebody") {
    begin();
    on_attempt(ConnectionReason::requested, {}, at(0));
    on_state({.to = ConnectionState::open, .is_connected = true}, {});
  }
};

}  // namespace

TEST_CASE("Changes within a frame lead to one more attempt after it and to no loss") {
  Trying one;
  one.on_ids_changed(at(100));
  one.on_ids_changed(at(110));
  CHECK(one.changes() == 2);
  SECTION("it is") {
    one.on_attempt(ConnectionReason::changed, {}, at(116));
    CHECK(one.changes() == 0);
    // The attempt that it replaced doesn't count for the distance between attempts.
    one.on_attempt(ConnectionReason::retry_due, {}, at(1'100));
  }
  SECTION("it comes too early") {
    CHECK_THROWS_AS(one.on_attempt(ConnectionReason::changed, {}, at(115)), Violation);
  }
  SECTION("there are two") {
    one.on_attempt(ConnectionReason::changed, {}, at(120));
    CHECK_THROWS_AS(one.on_attempt(ConnectionReason::changed, {}, at(140)), Violation);
  }
  SECTION("it is a loss") {
    CHECK_THROWS_AS(
        one.on_state({.to = ConnectionState::connecting, .reason = ConnectionReason::changed}, {}),
        Violation);
  }
}

TEST_CASE("Other attempts are a second apart and at most twenty a minute without signals") {
  Trying one;
  CHECK_THROWS_AS(one.on_attempt(ConnectionReason::retry_due, {}, at(999)), Violation);
  Trying many;
  for (std::int64_t attempt = 1; attempt < 20; ++attempt) {
    many.on_attempt(ConnectionReason::retry_due, {}, at(attempt * 1'000));
  }
  SECTION("of its own accord") {
    CHECK_THROWS_AS(many.on_attempt(ConnectionReason::retry_due, {}, at(20'000)), Violation);
  }
  SECTION("woken") {
    many.on_signal(at(19'500));
    many.on_attempt(ConnectionReason::woken, {}, at(20'000));
  }
}

TEST_CASE("A wait has a limit and is longer offline") {
  Trying one;
  const StateChanged waits{.to = ConnectionState::waiting};
  one.on_state(waits, Duration{21'000});
  CHECK_THROWS_AS(one.on_state(waits, Duration{21'001}), Violation);
  one.on_offline();
  one.on_state(waits, Duration{60'000});
  CHECK_THROWS_AS(one.on_state(waits, Duration{60'001}), Violation);
}
