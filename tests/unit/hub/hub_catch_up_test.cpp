// Cursors that a hub can't judge itself: another gateway may have received more, or they are made
// up.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

using Ids = std::vector<std::string>;

constexpr Duration interval{100};

Instant at(std::int64_t ms) {
  return Instant{Duration{ms}};
}

SubscriptionId subscribe(Hub& hub, std::optional<std::int64_t> registration_id,
                         const std::string& cursor) {
  return hub.subscribe(follow(registration_id, cursor), Instant{}, reading_timestamp_ms);
}

void publish(LiveHub& hub, std::initializer_list<std::int64_t> registration_ids) {
  for (const std::int64_t registration_id : registration_ids) {
    REQUIRE_FALSE(
        hub.publish(stage_update(registration_id, "t24_lookup", "started", reading_timestamp_ms)));
  }
}

// A hub with two messages. Others may have received more.
struct Late {
  LiveHub hub{{.catch_up_interval = interval}};
  Late() { publish(hub, {42, 43}); }
};

}  // namespace

TEST_CASE("A cursor that is ahead waits and goes on when the hub has caught up") {
  Late given;
  const SubscriptionId all = subscribe(given.hub, {}, LiveHub::id(4));
  const SubscriptionId one = subscribe(given.hub, 42, LiveHub::id(4));
  CHECK(given.hub.poll_catch_up(at(0)));
  publish(given.hub, {42, 43, 43, 42});
  for (const SubscriptionId id : {all, one}) {
    const Reading waiting = take(given.hub, id);
    CHECK(waiting.messages.empty());
    CHECK(waiting.retries.size() == 1);
  }

  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, all).ids == Ids{LiveHub::id(4), LiveHub::id(5), LiveHub::id(6)});
  CHECK(take(given.hub, one).ids == Ids{LiveHub::id(4), LiveHub::id(6)});
  CHECK(given.hub.counters().waited == 2);
  CHECK(given.hub.counters().resumed == 2);
  CHECK(given.hub.counters().resets.total() == 0);
}

TEST_CASE("A cursor at which the history turns out to end goes on with what is new") {
  Late given;
  const SubscriptionId id = subscribe(given.hub, 42, LiveHub::id(3));
  CHECK(given.hub.poll_catch_up(at(0)));
  publish(given.hub, {43});
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, id).ids == Ids{LiveHub::id(3)});
  publish(given.hub, {42});
  CHECK(take(given.hub, id).ids == Ids{LiveHub::id(4)});
}

TEST_CASE("A cursor beyond the history or of no history gets a reset and the current state") {
  Late given;
  const std::string cursor = GENERATE_COPY(
      values<std::string>({LiveHub::id(3), LiveHub::id(UINT64_MAX),
                           to_string(EventId{.epoch = LiveHub::epoch + 1, .sequence = 0}),
                           to_string(EventId{.epoch = UINT64_MAX, .sequence = UINT64_MAX}), "0-0",
                           "5", "-", "garbage", " " + LiveHub::id(2), "0" + LiveHub::id(2),
                           std::string("\0", 1), "\r\nid: 1-1", std::string(100'000, '9') + "-1"}));
  INFO(cursor.substr(0, 40));
  const SubscriptionId one = subscribe(given.hub, 42, cursor);
  const SubscriptionId all = subscribe(given.hub, {}, cursor);
  CHECK(given.hub.poll_catch_up(at(0)));
  CHECK(take(given.hub, one).messages.empty());
  given.hub.caught_up(reading_timestamp_ms);
  const Reading reading = take(given.hub, one);
  CHECK(reading.types() == "connected reset snapshot");
  CHECK(reading.ids == Ids{"0-0", "0-0", LiveHub::id(2)});
  CHECK(take(given.hub, all).ids == Ids{"0-0", LiveHub::id(2)});
  CHECK(given.hub.counters().resumed == 0);
}

TEST_CASE("The hub does not ask for cursors that it can judge itself") {
  Late given;
  const std::string cursor = GENERATE_COPY(values<std::string>(
      {"", LiveHub::id(0), LiveHub::id(2),
       to_string(EventId{.epoch = LiveHub::epoch - 1, .sequence = UINT64_MAX})}));
  CAPTURE(cursor);
  const SubscriptionId id = subscribe(given.hub, 42, cursor);
  CHECK_FALSE(given.hub.poll_catch_up(at(0)));
  CHECK_THAT(take(given.hub, id).types(), Catch::StartsWith("connected"));
  CHECK(given.hub.counters().waited == 0);
}

TEST_CASE("A stream that opens after the question waits for the next answer") {
  Late given;
  const SubscriptionId first = subscribe(given.hub, 42, LiveHub::id(9));
  CHECK(given.hub.poll_catch_up(at(0)));
  const SubscriptionId second = subscribe(given.hub, 42, LiveHub::id(9));
  // One question at a time.
  CHECK_FALSE(given.hub.poll_catch_up(at(1'000)));
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, first).types() == "connected reset snapshot");
  CHECK(take(given.hub, second).messages.empty());
  CHECK(given.hub.poll_catch_up(at(1'000)));
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, second).types() == "connected reset snapshot");
  CHECK_FALSE(given.hub.poll_catch_up(at(2'000)));
}

TEST_CASE("However many cursors are made up the broker is asked once an interval") {
  Late given;
  const Instant beat = at(0) + HubOptions{}.heartbeat_interval / 2;
  int questions = 0;
  for (std::int64_t ms = 0; ms < 1'000; ++ms) {
    const SubscriptionId id =
        given.hub.subscribe(follow(42, LiveHub::id(9)), at(0), reading_timestamp_ms);
    if (given.hub.poll_catch_up(at(ms))) {
      ++questions;
      CHECK(given.hub.next_deadline() == beat);
      given.hub.caught_up(reading_timestamp_ms);
      REQUIRE(take(given.hub, id).types() == "connected reset snapshot");
    } else {
      // The next question comes in time, even if nothing else happens.
      CHECK(given.hub.next_deadline() == at(ms / 100 * 100 + 100));
    }
    given.hub.unsubscribe(id);
  }
  CHECK(questions == 10);
}

TEST_CASE("A stream that leaves while it waits leaves nothing behind") {
  Late given;
  const SubscriptionId gone = subscribe(given.hub, 42, LiveHub::id(9));
  CHECK(given.hub.poll_catch_up(at(0)));
  given.hub.unsubscribe(gone);
  const SubscriptionId next = subscribe(given.hub, 43, LiveHub::id(1));
  CHECK(next.slot == gone.slot);
  CHECK(take(given.hub, next).types() == "connected update");
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take_bytes(given.hub, next).empty());
  CHECK_FALSE(given.hub.poll_catch_up(at(1'000)));
}

TEST_CASE("A stream that waits gets heartbeats but no pings and no updates") {
  Late given;
  const SubscriptionId id = subscribe(given.hub, 42, LiveHub::id(9));
  CHECK(given.hub.poll_catch_up(at(0)));
  CHECK(take(given.hub, id).comments == 1);
  given.hub.handle_deadline(at(25'000), reading_timestamp_ms);
  given.hub.handle_deadline(at(30'000), reading_timestamp_ms);
  publish(given.hub, {42});
  const Reading reading = take(given.hub, id);
  CHECK(reading.messages.empty());
  CHECK(reading.comments == 1);
}

TEST_CASE("A cursor of an epoch that the hub has not met is judged in that epoch") {
  Late given;
  const EventId next{.epoch = LiveHub::epoch + 7, .sequence = 2};
  const SubscriptionId old = subscribe(given.hub, 42, LiveHub::id(2));
  const SubscriptionId ahead = subscribe(given.hub, 42, to_string(next));
  CHECK(take(given.hub, old).types() == "connected");
  CHECK(given.hub.poll_catch_up(at(0)));

  given.hub.begin_history({.epoch = next.epoch, .sequence = 0});
  // A stream that opens during delivery can be judged once the history is whole, or asks then.
  const SubscriptionId further =
      subscribe(given.hub, 42, to_string(EventId{.epoch = next.epoch, .sequence = 4}));
  CHECK_FALSE(given.hub.poll_catch_up(at(1'000)));
  publish(given.hub, {42, 42, 42});
  CHECK(take(given.hub, ahead).messages.empty());
  given.hub.go_live(reading_timestamp_ms);
  CHECK(take(given.hub, ahead).types() == "connected update");
  CHECK(take(given.hub, old).types() == "reset snapshot");
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, further).messages.empty());
  CHECK(given.hub.poll_catch_up(at(1'000)));
  given.hub.caught_up(reading_timestamp_ms);
  CHECK(take(given.hub, further).types() == "connected reset snapshot");
}

TEST_CASE("A cursor that the hub passes by a gap gets its reset") {
  Late given;
  const SubscriptionId id = subscribe(given.hub, 42, LiveHub::id(5));
  CHECK(given.hub.poll_catch_up(at(0)));
  given.hub.begin_history({.epoch = LiveHub::epoch, .sequence = 8});
  publish(given.hub, {42});
  given.hub.go_live(reading_timestamp_ms);
  const Reading reading = take(given.hub, id);
  CHECK(reading.types() == "connected reset snapshot");
  CHECK(reading.ids.back() == LiveHub::id(9));
}
