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

SubscriptionId subscribe(Hub& hub, std::optional<std::int64_t> registration_id,
                         const std::string& cursor) {
  return hub.subscribe(follow(registration_id, cursor), Instant{}, reading_timestamp_ms);
}

std::string update_of(std::int64_t registration_id, const std::string& text = "started") {
  return stage_update(registration_id, "t24_lookup", text, reading_timestamp_ms);
}

void publish(LiveHub& hub, std::initializer_list<std::int64_t> registration_ids) {
  for (const std::int64_t registration_id : registration_ids) {
    REQUIRE_FALSE(hub.publish(update_of(registration_id)));
  }
}

// Seven messages, of which the newest five can be resumed: cursors 2 to 7.
struct Resumable {
  LiveHub hub{{.journal = {.count_max = 5}}};
  Resumable() { publish(hub, {42, 43, 42, 43, 42, 42, 43}); }
};

}  // namespace

TEST_CASE("Without a cursor a stream begins at the position and says it") {
  Resumable given;
  const SubscriptionId all = subscribe(given.hub, {}, "");
  const SubscriptionId unknown = subscribe(given.hub, 44, "");
  for (const SubscriptionId id : {all, unknown}) {
    const Reading reading = take(given.hub, id);
    CHECK(reading.types() == "connected");
    CHECK(reading.ids == Ids{LiveHub::id(7)});
  }
  publish(given.hub, {44});
  CHECK(take(given.hub, all).ids == Ids{LiveHub::id(8)});
  CHECK(take(given.hub, unknown).ids == Ids{LiveHub::id(8)});
  CHECK(given.hub.counters().resumed == 0);
}

TEST_CASE("A stream of all registrations resumes after each cursor that the journal has") {
  Resumable given;
  const std::uint64_t cursor = GENERATE(2U, 3U, 6U, 7U);
  CAPTURE(cursor);
  const Reading reading = take(given.hub, subscribe(given.hub, {}, LiveHub::id(cursor)));
  Ids expected;
  for (std::uint64_t sequence = cursor; sequence <= 7; ++sequence) {
    expected.push_back(LiveHub::id(sequence));
  }
  CHECK(reading.ids == expected);
  CHECK(reading.messages[0]["type"] == "connected");
  CHECK(given.hub.counters().resumed == 1);
  CHECK(given.hub.counters().resets.total() == 0);
}

TEST_CASE("A stream of one registration resumes with its own messages only and without snapshot") {
  Resumable given;
  const Reading reading = take(given.hub, subscribe(given.hub, 42, LiveHub::id(2)));
  CHECK(reading.types() == "connected update update update");
  CHECK(reading.ids == Ids{LiveHub::id(2), LiveHub::id(3), LiveHub::id(5), LiveHub::id(6)});
  CHECK(take(given.hub, subscribe(given.hub, 42, LiveHub::id(6))).types() == "connected");
  CHECK(take(given.hub, subscribe(given.hub, 44, LiveHub::id(2))).types() == "connected");
  CHECK(given.hub.counters().snapshots == 0);
}

TEST_CASE("A cursor that the journal does not have gets a reset and the current state") {
  Resumable given;
  const std::string cursor = GENERATE_COPY(
      values<std::string>({LiveHub::id(1), LiveHub::id(0), "1-1",
                           to_string(EventId{.epoch = LiveHub::epoch - 1, .sequence = 5})}));
  CAPTURE(cursor);

  const Reading one = take(given.hub, subscribe(given.hub, 42, cursor));
  REQUIRE(one.types() == "connected reset snapshot");
  // Only the last of them gives the client a cursor to resume after.
  CHECK(one.ids == Ids{"0-0", "0-0", LiveHub::id(7)});
  CHECK(one.messages[2]["data"]["id"] == LiveHub::id(6));

  for (const std::optional<std::int64_t> registration_id :
       {std::optional<std::int64_t>{}, std::optional<std::int64_t>{44}}) {
    const SubscriptionId id = subscribe(given.hub, registration_id, cursor);
    const Reading reading = take(given.hub, id);
    CHECK(reading.types() == "connected reset");
    CHECK(reading.ids == Ids{"0-0", LiveHub::id(7)});
  }
  CHECK(given.hub.counters().resets.total() == 3);
  CHECK(given.hub.counters().resumed == 0);
}

TEST_CASE("A client that was cut off before its first position gets it again") {
  Resumable given;
  const Reading reading = take(given.hub, subscribe(given.hub, 42, GENERATE("", "1-1")));
  for (std::size_t index = 0; index + 1 < reading.ids.size(); ++index) {
    const SubscriptionId id = subscribe(given.hub, 42, reading.ids[index]);
    const Instant now{static_cast<std::int64_t>(index + 1) * HubOptions{}.catch_up_interval};
    CHECK(given.hub.poll_catch_up(now));
    given.hub.caught_up(reading_timestamp_ms);
    CHECK(take(given.hub, id).types() == "connected reset snapshot");
  }
  CHECK(take(given.hub, subscribe(given.hub, 42, reading.ids.back())).types() == "connected");
}

TEST_CASE(
    "What comes between the cursor and the first byte, and after it, comes in order and once") {
  Resumable given;
  const SubscriptionId all = subscribe(given.hub, {}, LiveHub::id(5));
  const SubscriptionId one = subscribe(given.hub, 42, LiveHub::id(5));
  const SubscriptionId reset = subscribe(given.hub, {}, LiveHub::id(0));
  publish(given.hub, {43, 42});
  CHECK(take(given.hub, all).ids ==
        Ids{LiveHub::id(5), LiveHub::id(6), LiveHub::id(7), LiveHub::id(8), LiveHub::id(9)});
  CHECK(take(given.hub, one).ids == Ids{LiveHub::id(5), LiveHub::id(6), LiveHub::id(9)});
  const Reading after_reset = take(given.hub, reset);
  CHECK(after_reset.types() == "connected reset update update");
  CHECK(after_reset.ids == Ids{"0-0", LiveHub::id(7), LiveHub::id(8), LiveHub::id(9)});
  publish(given.hub, {42, 43});
  CHECK(take(given.hub, all).ids == Ids{LiveHub::id(10), LiveHub::id(11)});
  CHECK(take(given.hub, one).ids == Ids{LiveHub::id(10)});
}

TEST_CASE("A replay larger than the outbox is fed as it drains while the history goes on") {
  LiveHub hub({.outbox_bytes_max = 1'000});
  for (std::int64_t index = 0; index < 500; ++index) {
    publish(hub, {1 + index % 3});
  }
  const SubscriptionId id = subscribe(hub, 2, LiveHub::id(0));
  std::string bytes;
  std::size_t collected = 0;
  for (;; ++collected) {
    Outbox& outbox = *hub.collect(id, reading_timestamp_ms);
    REQUIRE(outbox.bytes_waiting() < 1'500);
    if (outbox.empty()) {
      break;
    }
    bytes += outbox.frames().front()->bytes().substr(outbox.sent_of_first());
    outbox.consume(outbox.frames().front()->bytes().size() - outbox.sent_of_first());
    if (collected < 50) {
      publish(hub, {2, 1});
    }
  }
  const Reading reading = read_stream(bytes);
  Ids expected{LiveHub::id(0)};
  for (std::uint64_t sequence = 1; sequence <= 500; ++sequence) {
    if (sequence % 3 == 2) {
      expected.push_back(LiveHub::id(sequence));
    }
  }
  for (std::uint64_t sequence = 501; sequence <= 600; sequence += 2) {
    expected.push_back(LiveHub::id(sequence));
  }
  CHECK(reading.ids == expected);
  CHECK(hub.counters().overruns == 0);
}

TEST_CASE("A replay shares its frames with everyone else's") {
  LiveHub hub;
  const SubscriptionId live = subscribe(hub, {}, "");
  publish(hub, {42});
  const SubscriptionId resumed = subscribe(hub, 42, LiveHub::id(0));
  CHECK(hub.collect(live, reading_timestamp_ms)->frames().back() ==
        hub.collect(resumed, reading_timestamp_ms)->frames().back());
}

TEST_CASE("A reader that falls behind the journal gets a reset and costs nobody else anything") {
  LiveHub hub({.outbox_bytes_max = 1'000, .journal = {.count_max = 50}});
  const SubscriptionId slow_all = subscribe(hub, {}, "");
  const SubscriptionId slow_one = subscribe(hub, 42, "");
  const SubscriptionId quiet = subscribe(hub, 43, "");
  const SubscriptionId fast = subscribe(hub, {}, "");
  static_cast<void>(take(hub, quiet));
  std::size_t received = take(hub, fast).messages.size() - 1;
  std::uint64_t sequence = 0;
  for (; sequence < 500; ++sequence) {
    publish(hub, {42});
    received += take(hub, fast).messages.size();
    // The slow ones hold what they got before their sockets filled.
    REQUIRE(hub.collect(slow_all, reading_timestamp_ms)->bytes_waiting() < 1'500);
    REQUIRE(hub.collect(slow_one, reading_timestamp_ms)->bytes_waiting() < 1'500);
  }
  CHECK(received == 500);

  const Reading all = take(hub, slow_all);
  const Reading one = take(hub, slow_one);
  CHECK_THAT(all.types(),
             Catch::StartsWith("connected update update") && Catch::EndsWith(" update reset"));
  CHECK_THAT(one.types(), Catch::StartsWith("connected update update") &&
                              Catch::EndsWith(" update reset snapshot"));
  for (const Reading* reading : {&all, &one}) {
    for (std::size_t index = 1; reading->messages[index]["type"] == "update"; ++index) {
      CHECK(reading->ids[index] == LiveHub::id(index));
    }
    CHECK(reading->ids.back() == LiveHub::id(500));
  }
  CHECK(hub.counters().overruns == 2);

  // Messages of others do not make a stream of one registration lag.
  CHECK(take_bytes(hub, quiet).empty());
  publish(hub, {42, 43});
  CHECK(take(hub, slow_all).ids == Ids{LiveHub::id(501), LiveHub::id(502)});
  CHECK(take(hub, slow_one).ids == Ids{LiveHub::id(501)});
  CHECK(take(hub, quiet).ids == Ids{LiveHub::id(502)});
}

TEST_CASE("A lagging reader is polled again only when it has caught up") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub, {}, "");
  CHECK(poll_all(hub).size() == 1);
  publish(hub, {42});
  CHECK(poll_all(hub).size() == 1);
  publish(hub, {42, 42});
  CHECK(poll_all(hub).empty());
  CHECK(take(hub, id).types() == "connected update update update");
  publish(hub, {42});
  CHECK(poll_all(hub).size() == 1);
}

TEST_CASE("A journal that has grown old no longer resumes") {
  LiveHub hub({.journal = {.age_max = Duration{100}}});
  publish(hub, {42, 42});
  const auto subscribe_at = [&hub](std::int64_t ms) {
    return take(hub, hub.subscribe(follow({}, LiveHub::id(1)), Instant{Duration{ms}},
                                   reading_timestamp_ms))
        .types();
  };
  CHECK(subscribe_at(100) == "connected update");
  CHECK(subscribe_at(101) == "connected reset");
}
