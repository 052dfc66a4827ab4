#include "broker/history/link.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace regstream::broker;  // NOLINT: every command and reply.
using regstream::Duration;
using regstream::Instant;

namespace {

/// It is up, and lost at once: two servers name each other.
bool comes_at_once(Link& link, Instant now) {
  link.on_lost(now);
  link.hasten_to_moved();
  return *link.next_deadline() <= now;
}

}  // namespace

TEST_CASE("a link whose server moves twice waits the second time unless it was stable in between") {
  RedisTiming timing;
  Link link(timing, 1);
  Instant now{Duration{1'000}};
  const auto come_up = [&link, &now] {
    now = std::max(now, link.next_deadline().value_or(now));
    REQUIRE(link.poll_connect(now));
    REQUIRE(link.on_connected(now));
  };
  link.open();
  come_up();
  CHECK(comes_at_once(link, now));
  come_up();
  CHECK_FALSE(comes_at_once(link, now));
  come_up();
  now += timing.stable_after;
  CHECK(comes_at_once(link, now));
}
