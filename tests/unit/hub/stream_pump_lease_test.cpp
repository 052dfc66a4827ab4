#include <string>

#include <catch2/catch.hpp>

#include "hub/lease.hpp"
#include "pump_loop.hpp"

using namespace regstream;
using namespace regstream::hub;

TEST_CASE(
    "A stream whose token has expired is closed when its outbox is empty, however late it is") {
  Loop loop;
  const Lease lease = make_lease(at(100'000).timestamp_ms, Duration{30'000}, 7, loop.now);
  const SubscriptionId id = loop.open_leased(lease);
  const SubscriptionId other = loop.open();
  loop.end_turn();
  loop.now = at(50'000);
  loop.pump.on_deadline(loop.now);
  loop.perform();
  loop.end_turn();
  CHECK(loop.types(id) == "connected token_expiring ping");
  // The deadline has not come yet, and an update has: it is not for this stream any more.
  loop.now = at(130'000);
  loop.publish();
  loop.end_turn();
  CHECK(loop.types(id) == "connected token_expiring ping");
  CHECK(loop.socket(id).is_closed);
  CHECK(loop.socket(id).end == StreamEnd::token_expired);
  CHECK(loop.types(other).ends_with("update"));
  CHECK(loop.pump.hub().subscriptions() == 1);
}

TEST_CASE(
    "A reader that does not take what stood before the end is cut off, and gets nothing new") {
  Loop loop;
  const SubscriptionId id = loop.open_leased(
      make_lease(at(100'000).timestamp_ms, Duration{0}, 7, loop.now), {.room = 10});
  loop.end_turn();
  loop.now = at(100'000);
  loop.publish();
  loop.pump.on_deadline(loop.now);
  loop.perform();
  loop.end_turn();
  CHECK_FALSE(loop.socket(id).is_closed);
  loop.now.now += HubOptions{}.peer_timeout();

  SECTION("it reads in time") {
    loop.socket(id).room = SIZE_MAX;
    loop.now.now -= Duration{1};
    loop.pump.on_writable(id, loop.now, loop.sockets);
    loop.perform();
    CHECK(loop.types(id) == "connected");
    CHECK(loop.pump.hub().counters().cut == 0);
  }
  SECTION("it does not") {
    const std::string sent = loop.socket(id).sent;
    loop.pump.on_deadline(loop.now);
    loop.perform();
    loop.end_turn();
    CHECK(loop.socket(id).sent == sent);
    CHECK(loop.pump.hub().counters().cut == 1);
  }
  CHECK(loop.socket(id).is_closed);
  CHECK(loop.socket(id).end == StreamEnd::token_expired);
  CHECK(loop.pump.hub().subscriptions() == 0);
}

TEST_CASE("A key that is withdrawn ends its streams with the turn") {
  Loop loop;
  const Lease lease = make_lease(at(100'000).timestamp_ms, Duration{0}, 7, loop.now);
  const SubscriptionId first = loop.open_leased(lease);
  const SubscriptionId second = loop.open_leased(lease);
  const SubscriptionId other = loop.open();
  loop.end_turn();
  CHECK(loop.pump.withdraw(8, loop.now) == 0);
  CHECK(loop.pump.withdraw(7, loop.now) == 2);
  loop.publish();
  loop.end_turn();
  for (const SubscriptionId id : {first, second}) {
    CHECK(loop.socket(id).is_closed);
    CHECK(loop.socket(id).end == StreamEnd::key_withdrawn);
    CHECK(loop.types(id) == "connected");
  }
  CHECK(loop.types(other) == "connected update");
}

TEST_CASE("Ten thousand tokens that expire together end their streams in slices") {
  Loop loop({.slice_streams_max = 1'000});
  constexpr int count = 10'000;
  for (int index = 0; index < count; ++index) {
    static_cast<void>(
        loop.open_leased(make_lease(at(100'000).timestamp_ms, Duration{0}, 7, loop.now)));
  }
  loop.end_turn();
  loop.now = at(100'000);
  loop.pump.on_deadline(loop.now);
  loop.perform();
  int turns = 0;
  while (loop.flushes_scheduled > 0) {
    --loop.flushes_scheduled;
    ++turns;
    loop.pump.on_flush_due();
    loop.perform();
  }
  CHECK(turns >= 10);
  CHECK(loop.pump.hub().subscriptions() == 0);
  CHECK(loop.pump.hub().counters().expired == count);
}
