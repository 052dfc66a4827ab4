#include <catch2/catch.hpp>

#include <regstream/time.hpp>

using regstream::Duration;
using regstream::Instant;
using regstream::time_until;

TEST_CASE("a timer waits for a future deadline and not at all for a past one") {
  const Instant now{Duration{1000}};
  CHECK(time_until(now + Duration{5}, now) == Duration{5});
  CHECK(time_until(now, now) == Duration::zero());
  CHECK(time_until(now - Duration{5}, now) == Duration::zero());
}

TEST_CASE("a deadline at either end of time does not overflow") {
  const Instant now{Duration{1000}};
  CHECK(time_until(Instant::min(), now) == Duration::zero());
  CHECK(time_until(Instant::max(), now) == Instant::max() - now);
}
