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

constexpr Instant start{Duration{1'000}};
constexpr std::uint64_t other_epoch = LiveHub::epoch + 1'000;

EventId other_id(std::uint64_t sequence) {
  return {.epoch = other_epoch, .sequence = sequence};
}

EventId id_of(std::uint64_t sequence) {
  return {.epoch = LiveHub::epoch, .sequence = sequence};
}

SubscriptionId subscribe(Hub& hub, std::optional<std::int64_t> registration_id = {},
                         const std::string& cursor = "") {
  return hub.subscribe(follow(registration_id, cursor), start, reading_timestamp_ms);
}

std::string update_of(std::int64_t registration_id) {
  return stage_update(registration_id, "t24_lookup", "started", reading_timestamp_ms);
}

}  // namespace

TEST_CASE("A stream that opens before the history is whole gets retry first and the rest later") {
  Hub hub;
  const SubscriptionId early = subscribe(hub);
  CHECK(poll_all(hub) == std::vector{early});
  hub.begin_history(id_of(10));
  const SubscriptionId all = subscribe(hub);
  const SubscriptionId one = subscribe(hub, 42);
  const SubscriptionId resumed = subscribe(hub, {}, LiveHub::id(10));
  const SubscriptionId stale = subscribe(hub, 42, LiveHub::id(9));
  const SubscriptionId left = subscribe(hub);
  REQUIRE_FALSE(hub.publish(id_of(11), update_of(42), start));
  REQUIRE_FALSE(hub.publish(id_of(12), update_of(43), start));
  hub.unsubscribe(left);
  CHECK(poll_all(hub) == std::vector{all, one, resumed, stale});
  for (const SubscriptionId id : {early, all, one, resumed, stale}) {
    CHECK(take_bytes(hub, id) == "retry: 1000\n\n: heartbeat 10000\n");
  }

  hub.go_live(reading_timestamp_ms);
  CHECK(poll_all(hub).size() == 5);
  CHECK(take(hub, early).ids == Ids{LiveHub::id(12)});
  CHECK(take(hub, all).ids == Ids{LiveHub::id(12)});
  const Reading snapshot = take(hub, one);
  CHECK(snapshot.types() == "connected snapshot");
  CHECK(snapshot.ids == Ids{"0-0", LiveHub::id(12)});
  CHECK(take(hub, resumed).ids == Ids{LiveHub::id(10), LiveHub::id(11), LiveHub::id(12)});
  CHECK(take(hub, stale).types() == "connected reset snapshot");
}

TEST_CASE("A reused slot does not get the connected of its previous stream") {
  Hub hub;
  const SubscriptionId left = subscribe(hub, 42, "garbage");
  hub.unsubscribe(left);
  const SubscriptionId next = subscribe(hub, 43);
  REQUIRE(next.slot == left.slot);
  hub.go_live(reading_timestamp_ms);
  CHECK(take(hub, next).types() == "connected");
}

TEST_CASE("A new history resets every stream and nothing of the old one is delivered") {
  LiveHub hub;
  const SubscriptionId all = subscribe(hub);
  const SubscriptionId one = subscribe(hub, 42);
  const SubscriptionId unknown = subscribe(hub, 43);
  for (const std::int64_t registration_id : {42, 43}) {
    REQUIRE_FALSE(hub.publish(update_of(registration_id)));
  }
  for (const SubscriptionId id : {all, one, unknown}) {
    static_cast<void>(take(hub, id));
  }

  hub.begin_history(other_id(0));
  REQUIRE_FALSE(hub.publish(other_id(1), update_of(42), start));
  const SubscriptionId came = subscribe(hub, 42, LiveHub::id(2));
  for (const SubscriptionId id : {all, one, unknown}) {
    CHECK(take_bytes(hub, id).empty());
  }

  static_cast<void>(poll_all(hub));
  hub.go_live(reading_timestamp_ms);
  CHECK(poll_all(hub).size() == 4);
  REQUIRE_FALSE(hub.publish(other_id(2), update_of(43), start));
  const Reading of_all = take(hub, all);
  CHECK(of_all.types() == "reset update");
  CHECK(of_all.ids == Ids{to_string(other_id(1)), to_string(other_id(2))});
  const Reading of_one = take(hub, one);
  CHECK(of_one.types() == "reset snapshot");
  CHECK(of_one.ids == Ids{"0-0", to_string(other_id(2))});
  const Reading of_unknown = take(hub, unknown);
  CHECK(of_unknown.types() == "reset snapshot");  // By then it is known.
  CHECK(take(hub, came).types() == "connected reset snapshot");
  CHECK(take(hub, subscribe(hub, {}, LiveHub::id(2))).types() == "connected reset");
  CHECK(hub.counters().resets.total() == 5);
}

TEST_CASE("A history may be delivered again in its epoch and cursors within it stay valid") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(update_of(42)));
  REQUIRE_FALSE(hub.publish(update_of(42)));
  hub.begin_history(id_of(1));
  REQUIRE_FALSE(hub.publish(id_of(2), update_of(42), start));
  hub.go_live(reading_timestamp_ms);
  CHECK(take(hub, subscribe(hub, 42, LiveHub::id(1))).types() == "connected update");
  CHECK(take(hub, subscribe(hub, 42, LiveHub::id(0))).types() == "connected reset snapshot");
  CHECK(hub.counters().duplicates == 0);
}

TEST_CASE("What lags when another history begins is skipped and the reset says so") {
  LiveHub hub({.outbox_bytes_max = 320});
  const SubscriptionId id = subscribe(hub);
  for (int count = 0; count < 10; ++count) {
    REQUIRE_FALSE(hub.publish(update_of(42)));
  }
  // A part has been handed to the socket, the first byte of it sent.
  hub.collect(id, reading_timestamp_ms)->consume(1);
  for (int restarts = 1; restarts <= 100; ++restarts) {
    hub.begin_history({.epoch = other_epoch + static_cast<std::uint64_t>(restarts), .sequence = 0});
    hub.go_live(reading_timestamp_ms);
    REQUIRE(hub.collect(id, reading_timestamp_ms)->bytes_waiting() < 600);
  }
  const Reading reading = read_stream("r" + take_bytes(hub, id));
  CHECK(reading.types() == "connected update update reset");  // Of ten.
  CHECK(reading.ids.back() == to_string(EventId{.epoch = other_epoch + 100, .sequence = 0}));
  CHECK(hub.counters().resets.total() == 1);
}

TEST_CASE("A message that was already received is dropped and counted") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  REQUIRE_FALSE(hub.publish(update_of(42)));
  REQUIRE_FALSE(hub.publish(update_of(43)));
  for (const EventId old : {id_of(2), id_of(1), id_of(0), EventId{.epoch = 1, .sequence = 9}}) {
    REQUIRE_FALSE(hub.publish(old, update_of(44), start));
  }
  CHECK(take(hub, id).ids == Ids{LiveHub::id(0), LiveHub::id(1), LiveHub::id(2)});
  CHECK(hub.counters().duplicates == 4);
  CHECK(hub.counters().published == 2);
}

TEST_CASE("A gap in the ids begins another history with a reset") {
  LiveHub hub;
  const SubscriptionId all = subscribe(hub);
  const SubscriptionId one = subscribe(hub, 42);
  const SubscriptionId other = subscribe(hub, 44);
  REQUIRE_FALSE(hub.publish(update_of(42)));
  for (const SubscriptionId id : {all, one, other}) {
    static_cast<void>(take(hub, id));
  }
  static_cast<void>(poll_all(hub));
  const EventId next = GENERATE(id_of(3), other_id(1), other_id(7));
  REQUIRE_FALSE(hub.publish(next, update_of(43), start));
  CHECK(poll_all(hub).size() == 3);

  const Reading of_all = take(hub, all);
  CHECK(of_all.types() == "reset update");
  CHECK(of_all.ids ==
        Ids{to_string({.epoch = next.epoch, .sequence = next.sequence - 1}), to_string(next)});
  // What was known of 42 may have been overtaken by what was missed.
  CHECK(take(hub, one).types() == "reset");
  CHECK(take(hub, subscribe(hub, 42)).types() == "connected");
  CHECK(take(hub, other).ids == Ids{to_string(next)});
  CHECK(hub.counters().gaps == 1);
}

TEST_CASE("A gap during delivery holds the history back until it is whole") {
  Hub hub;
  const SubscriptionId id = subscribe(hub);
  hub.begin_history(id_of(0));
  REQUIRE_FALSE(hub.publish(id_of(5), update_of(42), start));
  CHECK(take(hub, id).messages.empty());
  hub.go_live(reading_timestamp_ms);
  CHECK(take(hub, id).ids == Ids{LiveHub::id(5)});
  CHECK(take(hub, subscribe(hub, {}, LiveHub::id(4))).types() == "connected update");
}

TEST_CASE("An id that no history has is dropped and counted as a gap") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  REQUIRE_FALSE(hub.publish(other_id(0), update_of(42), start));
  CHECK(hub.counters().gaps == 1);
  CHECK(take(hub, id).types() == "connected");
  REQUIRE_FALSE(hub.publish(update_of(42)));
  CHECK(take(hub, id).types() == "update");
}

TEST_CASE("A malformed message keeps its number and cursors pass it") {
  LiveHub hub;
  const SubscriptionId all = subscribe(hub);
  REQUIRE_FALSE(hub.publish(update_of(42)));
  REQUIRE(hub.publish("{broken"));
  REQUIRE_FALSE(hub.publish(update_of(42)));
  REQUIRE(hub.publish(""));
  const Ids expected{LiveHub::id(0), LiveHub::id(1), LiveHub::id(3)};
  CHECK(take(hub, all).ids == expected);
  CHECK(take(hub, subscribe(hub, 42, LiveHub::id(0))).ids == expected);
  CHECK(take(hub, subscribe(hub, {}, LiveHub::id(2))).ids == Ids{LiveHub::id(2), LiveHub::id(3)});
  CHECK(take(hub, subscribe(hub, {}, LiveHub::id(4))).types() == "connected");
  CHECK(take(hub, subscribe(hub)).ids == Ids{LiveHub::id(4)});
  CHECK(hub.counters().gaps == 0);
  CHECK(hub.counters().malformed.total() == 2);
}

TEST_CASE("The state of a registration goes by the ids whatever a message says of itself") {
  LiveHub hub;
  const auto message = [](const std::string& status, const std::string& id) {
    return nlohmann::json{{"registrationId", 42}, {"status", status}, {"timestamp", 1}, {"id", id}}
        .dump();
  };
  REQUIRE_FALSE(hub.publish(message("PENDING", LiveHub::id(9))));
  REQUIRE_FALSE(hub.publish(message("APPROVED", LiveHub::id(8))));
  const Reading reading = take(hub, subscribe(hub, 42));
  CHECK(reading.messages[1]["data"]["status"] == "APPROVED");
  CHECK(reading.messages[1]["data"]["id"] == LiveHub::id(2));
}

TEST_CASE("Each reset is counted by its cause") {
  LiveHub hub({.outbox_bytes_max = 300, .journal = {.count_max = 3}});
  const auto count = [&hub](ResetCause cause) { return hub.counters().resets.of(cause); };
  for (int number = 0; number < 10; ++number) {
    REQUIRE_FALSE(hub.publish(update_of(42)));
  }
  static_cast<void>(take(hub, subscribe(hub, {}, LiveHub::id(5))));
  CHECK(count(ResetCause::cursor_too_old) == 1);
  static_cast<void>(take(hub, subscribe(hub, {}, to_string(EventId{.epoch = 1, .sequence = 5}))));
  const SubscriptionId made_up = subscribe(hub, {}, "made up");
  REQUIRE(hub.poll_catch_up(start));
  hub.caught_up(reading_timestamp_ms);
  static_cast<void>(take(hub, made_up));
  CHECK(count(ResetCause::cursor_unknown) == 2);

  const SubscriptionId open = subscribe(hub);
  const SubscriptionId slow = subscribe(hub);
  static_cast<void>(take(hub, open));
  hub.collect(slow, reading_timestamp_ms)->consume(1);
  for (int number = 0; number < 10; ++number) {
    REQUIRE_FALSE(hub.publish(update_of(42)));
    static_cast<void>(take(hub, open));
    static_cast<void>(hub.collect(slow, reading_timestamp_ms));
  }
  static_cast<void>(take_bytes(hub, slow));
  CHECK(count(ResetCause::reader_too_slow) == 1);

  const std::size_t streams = hub.subscriptions();
  CHECK(hub.begin_history(other_id(0)) == streams);
  hub.go_live(reading_timestamp_ms);
  static_cast<void>(take(hub, open));
  CHECK(count(ResetCause::new_history) == 1);
  CHECK(hub.begin_history(other_id(7)) == streams);
  hub.go_live(reading_timestamp_ms);
  static_cast<void>(take(hub, open));
  CHECK(count(ResetCause::updates_missed) == 1);
  CHECK(hub.begin_history(other_id(8)) == streams);
  hub.go_live(reading_timestamp_ms);
  static_cast<void>(take(hub, open));
  CHECK(count(ResetCause::messages_lost) == 1);
  // A broker that leaves one out has no such entry.
  REQUIRE_FALSE(hub.publish(other_id(10), update_of(42), start));
  static_cast<void>(take(hub, open));
  CHECK(count(ResetCause::updates_missed) == 2);
  CHECK(hub.counters().resets.total() == 8);
}
