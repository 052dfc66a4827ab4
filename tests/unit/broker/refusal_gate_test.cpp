#include "broker/history/refusal_gate.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using regstream::Duration;
using regstream::Instant;
using regstream::broker::RefusalGate;

namespace {

constexpr Instant start{Duration{5'000}};
constexpr regstream::BackoffOptions backoff{Duration{100}, Duration{400}};

/// Refuses one call, and gives the pause after it.
Duration refuse(RefusalGate& gate, Instant now) {
  gate.on_called();
  gate.on_refused(now);
  return gate.next_deadline().value() - now;
}

}  // namespace

TEST_CASE("an open gate lets every call through") {
  RefusalGate gate{backoff, 1};
  for (int call = 0; call < 3; ++call) {
    CHECK(gate.may_call(start));
    gate.on_called();
  }
  CHECK_FALSE(gate.on_accepted());
  gate.on_other_answer();
  CHECK_FALSE(gate.next_deadline());
}

TEST_CASE("after a refusal there is a pause and then one call at a time") {
  RefusalGate gate{backoff, 1};
  const auto until = start + refuse(gate, start);
  CHECK(gate.is_refusing());
  CHECK_FALSE(gate.may_call(until - Duration{1}));
  CHECK(gate.may_call(until));
  gate.on_called();
  CHECK_FALSE(gate.may_call(until));
  CHECK_FALSE(gate.next_deadline());
  CHECK(gate.on_accepted());
  CHECK_FALSE(gate.is_refusing());
  CHECK(gate.may_call(until));
}

TEST_CASE("pauses grow up to the cap and a call that is accepted makes the next one short again") {
  RefusalGate gate{backoff, 1};
  Duration longest{};
  Instant now = start;
  for (int refusal = 0; refusal < 200; ++refusal) {
    longest = std::max(longest, refuse(gate, now));
    now = *gate.next_deadline();
  }
  CHECK(longest > backoff.base);
  CHECK(longest <= backoff.cap);
  for (int phase = 0; phase < 50; ++phase) {
    gate.on_called();
    CHECK(gate.on_accepted());
    CHECK(refuse(gate, now) <= backoff.base);
  }
}

TEST_CASE("of calls under way together only the first refusal counts") {
  RefusalGate gate{backoff, 1};
  for (int call = 0; call < 4; ++call) {
    gate.on_called();
  }
  gate.on_refused(start);
  gate.on_refused(start + Duration{300});
  // It was accepted before the refusal, or Redis knew its key.
  CHECK_FALSE(gate.on_accepted());
  CHECK(gate.is_refusing());
  CHECK_FALSE(gate.may_call(start + Duration{10'000}));
  gate.on_other_answer();
  CHECK(*gate.next_deadline() <= start + backoff.base);
}

TEST_CASE("a lost connection leaves the gate refusing and the next one may be tried at once") {
  RefusalGate gate{backoff, 1};
  refuse(gate, start);
  gate.on_lost();
  CHECK(gate.is_refusing());
  CHECK(gate.may_call(start));
  gate.on_called();
  gate.on_lost();
  CHECK(gate.may_call(start));
  RefusalGate open{backoff, 1};
  open.on_called();
  open.on_lost();
  CHECK_FALSE(open.is_refusing());
}
