// Several ids on one stream: one cursor, a snapshot of each, and ids that are added later.
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

using Ids = std::vector<std::string>;

SubscriptionId subscribe(Hub& hub, SubscriptionRequest request) {
  return hub.subscribe(request, Instant{}, reading_timestamp_ms);
}

void publish(LiveHub& hub, std::initializer_list<std::int64_t> registration_ids) {
  for (const std::int64_t registration_id : registration_ids) {
    REQUIRE_FALSE(
        hub.publish(stage_update(registration_id, "t24_lookup", "started", reading_timestamp_ms)));
  }
}

// The owners of the messages, in order. 0: no owner.
std::vector<std::int64_t> owners(const Reading& reading) {
  std::vector<std::int64_t> all;
  for (const nlohmann::json& message : reading.messages) {
    all.push_back(message.contains("data") ? message["data"]["registrationId"].get<std::int64_t>()
                                           : 0);
  }
  return all;
}

// Collects everything for the stream, one frame at a time.
Reading take_frame(Hub& hub, SubscriptionId id) {
  Outbox& outbox = *hub.collect(id, reading_timestamp_ms);
  std::string bytes;
  for (const FramePtr& frame : outbox.frames()) {
    bytes += frame->bytes();
  }
  outbox.consume(outbox.bytes_waiting());
  return read_stream(bytes);
}

// Eight messages of four ids, of which the newest six can be resumed: cursors 2 to 8.
struct Resumable {
  LiveHub hub{{.journal = {.count_max = 6}}};
  Resumable() { publish(hub, {41, 42, 43, 44, 42, 41, 43, 44}); }
};

}  // namespace

TEST_CASE("A stream of several ids gets the messages of each in their order and no other's") {
  LiveHub hub;
  const SubscriptionId several = subscribe(hub, {.ids = {43, 41}});
  const SubscriptionId one = subscribe(hub, {.ids = {42}});
  const SubscriptionId same_twice = subscribe(hub, {.ids = {42, 42}});
  publish(hub, {41, 42, 43, 44, 43, 41});
  const Reading reading = take(hub, several);
  CHECK(owners(reading) == std::vector<std::int64_t>{0, 41, 43, 43, 41});
  CHECK(reading.ids ==
        Ids{LiveHub::id(0), LiveHub::id(1), LiveHub::id(3), LiveHub::id(5), LiveHub::id(6)});
  CHECK(take_bytes(hub, one) == take_bytes(hub, same_twice));
  CHECK(hub.counters().deliveries == 6);

  publish(hub, {43});
  CHECK(take(hub, several).ids == Ids{LiveHub::id(7)});
  CHECK(take_bytes(hub, one).empty());
}

TEST_CASE("A message of any of its ids marks a stream of several ids once") {
  LiveHub hub;
  const SubscriptionId several = subscribe(hub, {.ids = {41, 42}});
  static_cast<void>(poll_all(hub));
  publish(hub, {41, 42, 41, 43});
  CHECK(poll_all(hub) == std::vector{several});
  CHECK(take(hub, several).types() == "connected update update update");
  publish(hub, {43});
  CHECK(poll_all(hub).empty());
}

TEST_CASE(
    "A late reader of several ids gets a snapshot of each known id and the last one has the id") {
  Resumable given;
  const SubscriptionId id = subscribe(given.hub, {.ids = {44, 41, 42, 99, 100}});
  publish(given.hub, {41, 99});
  const Reading reading = take(given.hub, id);
  // The snapshot of 99 was taken behind its first message.
  CHECK(reading.types() == "connected snapshot snapshot snapshot snapshot update");
  CHECK(owners(reading) == std::vector<std::int64_t>{0, 41, 42, 44, 99, 41});
  CHECK(reading.ids == Ids{"0-0", "0-0", "0-0", "0-0", LiveHub::id(8), LiveHub::id(9)});
}

TEST_CASE("Several unknown ids begin at the position") {
  Resumable given;
  const Reading reading = take(given.hub, subscribe(given.hub, {.ids = {97, 98}}));
  CHECK(reading.types() == "connected");
  CHECK(reading.ids == Ids{LiveHub::id(8)});
}

TEST_CASE("A stream of several ids resumes with what each of them has after the cursor") {
  Resumable given;
  const Reading reading =
      take(given.hub, subscribe(given.hub, {.ids = {41, 43, 99}, .cursor = LiveHub::id(3)}));
  CHECK(reading.types() == "connected update update");
  CHECK(reading.ids == Ids{LiveHub::id(3), LiveHub::id(6), LiveHub::id(7)});
  CHECK(given.hub.counters().resumed == 1);
  CHECK(given.hub.counters().snapshots == 0);
}

TEST_CASE("An id that is added gets its snapshot first and the others resume after the cursor") {
  Resumable given;
  const SubscriptionId id = subscribe(
      given.hub, {.ids = {41, 42, 43, 99}, .cursor = LiveHub::id(3), .snapshots = {42, 99}});
  publish(given.hub, {42});
  const Reading reading = take(given.hub, id);
  CHECK(reading.types() == "connected snapshot update update update");
  CHECK(owners(reading) == std::vector<std::int64_t>{0, 42, 41, 43, 42});
  // The cursor stays until the first update: other ids have older ones to deliver.
  CHECK(reading.ids ==
        Ids{LiveHub::id(3), LiveHub::id(3), LiveHub::id(6), LiveHub::id(7), LiveHub::id(9)});
  CHECK(reading.messages[1]["data"]["id"] == LiveHub::id(5));
}

TEST_CASE("Several added ids get a snapshot each with the cursor as its id") {
  Resumable given;
  const Reading reading = take(given.hub, subscribe(given.hub, {.ids = {41, 42, 43, 44},
                                                                .cursor = LiveHub::id(6),
                                                                .snapshots = {44, 42, 41}}));
  CHECK(owners(reading) == std::vector<std::int64_t>{0, 41, 42, 44, 43});
  CHECK(reading.ids ==
        Ids{LiveHub::id(6), LiveHub::id(6), LiveHub::id(6), LiveHub::id(6), LiveHub::id(7)});
}

TEST_CASE("Without a cursor to resume after a requested snapshot changes nothing") {
  Resumable given;
  const std::string cursor = GENERATE_COPY(values<std::string>({"", LiveHub::id(0), "1-1"}));
  CAPTURE(cursor);
  const std::string named = take_bytes(
      given.hub, subscribe(given.hub, {.ids = {41, 42}, .cursor = cursor, .snapshots = {42}}));
  const std::string unnamed =
      take_bytes(given.hub, subscribe(given.hub, {.ids = {41, 42}, .cursor = cursor}));
  CHECK(named == unnamed);
}

TEST_CASE("One id with a requested snapshot at a cursor gets it and later updates") {
  Resumable given;
  const SubscriptionId id =
      subscribe(given.hub, {.ids = {42}, .cursor = LiveHub::id(3), .snapshots = {42}});
  publish(given.hub, {41, 42});
  const Reading reading = take(given.hub, id);
  CHECK(reading.types() == "connected snapshot update");
  CHECK(reading.ids == Ids{LiveHub::id(3), LiveHub::id(3), LiveHub::id(10)});
}

TEST_CASE("A cursor that is too old resets several ids with a snapshot of each that is known") {
  Resumable given;
  const Reading reading =
      take(given.hub, subscribe(given.hub, {.ids = {41, 43, 99}, .cursor = LiveHub::id(1)}));
  CHECK(reading.types() == "connected reset snapshot snapshot");
  CHECK(reading.ids == Ids{"0-0", "0-0", "0-0", LiveHub::id(8)});
  CHECK(given.hub.counters().resets.total() == 1);

  const Reading unknown =
      take(given.hub, subscribe(given.hub, {.ids = {98, 99}, .cursor = LiveHub::id(1)}));
  CHECK(unknown.types() == "connected reset");
  CHECK(unknown.ids == Ids{"0-0", LiveHub::id(8)});
}

TEST_CASE("A client that is cut off before the last snapshot gets the reset again") {
  Resumable given;
  const std::string cursor = GENERATE("", "1-1");
  const Reading reading =
      take(given.hub, subscribe(given.hub, {.ids = {41, 42, 43}, .cursor = cursor}));
  Instant now{};
  for (std::size_t index = 0; index + 1 < reading.ids.size(); ++index) {
    now += HubOptions{}.catch_up_interval;
    const SubscriptionId id =
        subscribe(given.hub, {.ids = {41, 42, 43}, .cursor = reading.ids[index]});
    REQUIRE(given.hub.poll_catch_up(now));
    given.hub.caught_up(reading_timestamp_ms);
    CHECK(take(given.hub, id).types() == "connected reset snapshot snapshot snapshot");
  }
  const SubscriptionId id =
      subscribe(given.hub, {.ids = {41, 42, 43}, .cursor = reading.ids.back()});
  CHECK(take(given.hub, id).types() == "connected");
}

TEST_CASE("Snapshots wait for room; a later one is newer and the cursor is that of the first") {
  LiveHub hub{{.outbox_bytes_max = 1}};
  publish(hub, {41, 42, 43});
  const SubscriptionId id = subscribe(hub, {.ids = {41, 42, 43, 44}});
  CHECK(take_frame(hub, id).types() == "connected");
  publish(hub, {41, 42, 43, 44});
  const Reading first = take_frame(hub, id);
  CHECK(owners(first) == std::vector<std::int64_t>{41});
  CHECK(first.messages[0]["data"]["id"] == LiveHub::id(1));
  CHECK(first.ids == Ids{"0-0"});
  publish(hub, {42, 43});

  const Reading rest = take(hub, id);
  CHECK(owners(rest) == std::vector<std::int64_t>{42, 43, 44, 41, 42});
  CHECK(rest.types() == "snapshot snapshot snapshot update update");
  // The second was taken when the first was sent, and the third later.
  CHECK(rest.messages[0]["data"]["id"] == LiveHub::id(5));
  CHECK(rest.messages[1]["data"]["id"] == LiveHub::id(9));
  CHECK(rest.messages[2]["data"]["id"] == LiveHub::id(7));
  CHECK(rest.ids == Ids{"0-0", "0-0", LiveHub::id(3), LiveHub::id(4), LiveHub::id(8)});
}

TEST_CASE("A stream that falls behind the journal between its snapshots gets a reset") {
  LiveHub hub{{.outbox_bytes_max = 1, .journal = {.count_max = 3}}};
  publish(hub, {41, 42});
  const SubscriptionId id = subscribe(hub, {.ids = {41, 42}});
  CHECK(take_frame(hub, id).types() == "connected");
  publish(hub, {41, 42, 41, 42, 41});
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "reset snapshot snapshot");
  CHECK(reading.ids == Ids{"0-0", "0-0", LiveHub::id(7)});
  CHECK(hub.counters().overruns == 1);
  publish(hub, {42});
  CHECK(take(hub, id).ids == Ids{LiveHub::id(8)});
}

TEST_CASE("A new history drops snapshots that were on their way") {
  LiveHub hub{{.outbox_bytes_max = 1}};
  publish(hub, {41, 42});
  const SubscriptionId id = subscribe(hub, {.ids = {41, 42}});
  CHECK(take_frame(hub, id).types() == "connected");
  const EventId position{.epoch = LiveHub::epoch + 1, .sequence = 0};
  CHECK(hub.begin_history(position) == 1);
  publish(hub, {42});
  hub.go_live(reading_timestamp_ms);
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "reset snapshot");
  CHECK(owners(reading) == std::vector<std::int64_t>{0, 42});
  CHECK(reading.ids == Ids{"0-0", to_string(EventId{.epoch = position.epoch, .sequence = 1})});
}

TEST_CASE("Messages of other ids do not make a stream of several lag") {
  LiveHub hub{{.journal = {.count_max = 3}}};
  const SubscriptionId id = subscribe(hub, {.ids = {41, 42}});
  static_cast<void>(take(hub, id));
  publish(hub, {43, 43, 43, 43, 43, 42});
  CHECK(take(hub, id).ids == Ids{LiveHub::id(6)});
  CHECK(hub.counters().overruns == 0);
}

TEST_CASE("Streams of several ids that come and go leave the others undisturbed") {
  LiveHub hub;
  std::vector<SubscriptionId> ids;
  for (std::int64_t first = 1; first <= 6; ++first) {
    ids.push_back(subscribe(hub, {.ids = {first, first + 1, first + 2}}));
    ids.push_back(subscribe(hub, {.ids = {first}}));
  }
  for (const std::size_t index : {0U, 7U, 5U, 11U, 4U}) {
    hub.unsubscribe(ids[index]);
    for (const SubscriptionId id : ids) {
      if (hub.collect(id, reading_timestamp_ms) != nullptr) {
        static_cast<void>(take(hub, id));
      }
    }
    publish(hub, {1, 2, 3, 4, 5, 6, 7, 8});
    for (std::size_t other = 0; other < ids.size(); ++other) {
      if (hub.collect(ids[other], reading_timestamp_ms) != nullptr) {
        CHECK(take(hub, ids[other]).messages.size() == (other % 2 == 0 ? 3 : 1));
      }
    }
  }
  for (const SubscriptionId id : ids) {
    hub.unsubscribe(id);
  }
  CHECK(hub.subscriptions() == 0);
  const SubscriptionId next = subscribe(hub, {.ids = {1, 8}});
  publish(hub, {1, 2, 8});
  CHECK(owners(take(hub, next)) == std::vector<std::int64_t>{0, 1, 8, 1});
}

TEST_CASE("A stream of several ids that is ended gets its snapshots first") {
  LiveHub hub{{.outbox_bytes_max = 1}};
  publish(hub, {41, 42});
  const SubscriptionId id = subscribe(hub, {.ids = {41, 42}});
  hub.end(id);
  CHECK(take(hub, id).types() == "connected snapshot snapshot");
  CHECK(hub.collect(id, reading_timestamp_ms)->is_finished());
}
