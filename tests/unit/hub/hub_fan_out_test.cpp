#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr Instant start{Duration{1'000}};
constexpr std::int64_t start_timestamp_ms = 1'702'493'000'000;

SubscriptionId subscribe(Hub& hub, std::optional<std::int64_t> registration_id = {}) {
  return hub.subscribe(follow(registration_id), start, start_timestamp_ms);
}

std::string update_of(std::int64_t registration_id) {
  return stage_update(registration_id, "t24_lookup", "started", start_timestamp_ms);
}

}  // namespace

TEST_CASE("A subscription begins with retry and connected which are ready at once") {
  LiveHub hub({.retry = Duration{2'500}});
  const SubscriptionId id = subscribe(hub);

  const std::vector<SubscriptionId> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0] == id);

  const Reading reading = take(hub, id);
  REQUIRE(reading.retries.size() == 1);
  CHECK(reading.retries[0] == Duration{2'500});
  REQUIRE(reading.messages.size() == 1);
  CHECK(reading.messages[0] ==
        nlohmann::json{{"type", "connected"}, {"timestamp", start_timestamp_ms}});
}

TEST_CASE(
    "An update reaches those who hear all, those who hear its registration, and no one else") {
  LiveHub hub;
  const SubscriptionId all = subscribe(hub);
  const SubscriptionId same = subscribe(hub, 42);
  const SubscriptionId same_too = subscribe(hub, 42);
  const SubscriptionId other = subscribe(hub, 43);

  REQUIRE_FALSE(hub.publish(update_of(42)));

  CHECK(take(hub, all).types() == "connected update");
  CHECK(take(hub, same).types() == "connected update");
  CHECK(take(hub, same_too).types() == "connected update");
  CHECK(take(hub, other).types() == "connected");
  CHECK(hub.counters().published == 1);
  CHECK(hub.counters().deliveries == 3);
}

TEST_CASE("An update is forwarded unchanged with members that this version does not know") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  const std::string message =
      R"({"later":[1.50,{"a":null}],"registrationId":42,"status":"ON_HOLD"})";
  REQUIRE_FALSE(hub.publish(message));

  const FramePtr frame = hub.collect(id, start_timestamp_ms)->frames().back();
  CHECK(frame->bytes() ==
        "id: " + LiveHub::id(1) + "\ndata: {\"type\":\"update\",\"data\":" + message + "}\n\n");
}

TEST_CASE("A stream that is ended gets what is there for it first and nothing after it") {
  LiveHub hub({.ping_interval = Duration{100}, .outbox_bytes_max = 300});
  const SubscriptionId id = subscribe(hub);
  static_cast<void>(take(hub, id));
  for (int count = 0; count < 10; ++count) {
    REQUIRE_FALSE(hub.publish(update_of(42)));
  }
  static_cast<void>(poll_all(hub));
  hub.end(id);
  CHECK(poll_all(hub) == std::vector{id});
  CHECK_FALSE(hub.collect(id, start_timestamp_ms)->is_finished());
  CHECK(take(hub, id).messages.size() == 10);
  CHECK(hub.collect(id, start_timestamp_ms)->is_finished());

  REQUIRE_FALSE(hub.publish(update_of(42)));
  hub.handle_deadline(start + Duration{1'000}, start_timestamp_ms);
  hub.begin_history({.epoch = LiveHub::epoch + 1, .sequence = 0});
  hub.go_live(start_timestamp_ms);
  CHECK(take_bytes(hub, id).empty());
  hub.unsubscribe(id);
  CHECK(hub.subscriptions() == 0);
}

TEST_CASE("A stream that waits for the history ends at once") {
  Hub hub;
  const SubscriptionId id = subscribe(hub);
  hub.end(id);
  CHECK(take(hub, id).retries.size() == 1);
  CHECK(hub.collect(id, start_timestamp_ms)->is_finished());
}

TEST_CASE("A stream that ended while it waited gets no connected afterwards") {
  LiveHub hub;
  const SubscriptionId ahead = hub.subscribe(follow({}, LiveHub::id(9)), start, start_timestamp_ms);
  const SubscriptionId made_up = hub.subscribe(follow({}, "made up"), start, start_timestamp_ms);
  REQUIRE(hub.poll_catch_up(start));
  const auto end = [&hub](SubscriptionId id) {
    hub.end(id);
    static_cast<void>(take(hub, id));
    REQUIRE(hub.collect(id, start_timestamp_ms)->is_finished());
  };
  end(ahead);
  end(made_up);
  hub.caught_up(start_timestamp_ms);
  CHECK(hub.begin_history({.epoch = LiveHub::epoch + 1, .sequence = 0}) == 0);
  hub.go_live(start_timestamp_ms);
  hub.send_retry(ahead, Duration{5});
  CHECK(take_bytes(hub, ahead).empty());
  CHECK(take_bytes(hub, made_up).empty());
  CHECK(hub.counters().resets.total() == 0);
}

TEST_CASE("An id that was sent as text is that of its registration and is forwarded as text") {
  LiveHub hub;
  const SubscriptionId same = subscribe(hub, 42);
  const SubscriptionId other = subscribe(hub, 43);
  REQUIRE_FALSE(hub.publish(R"({"registrationId":"42","status":"PENDING"})"));
  const Reading reading = take(hub, same);
  REQUIRE(reading.types() == "connected update");
  CHECK(reading.messages[1]["data"]["registrationId"] == "42");
  CHECK(take(hub, other).types() == "connected");
  const Reading late = take(hub, subscribe(hub, 42));
  REQUIRE(late.types() == "connected snapshot");
  CHECK(late.messages[1]["data"]["registrationId"] == 42);
}

TEST_CASE("A pretty-printed update arrives as the same JSON") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  REQUIRE_FALSE(hub.publish("{\r\n  \"registrationId\": 42,\n  \"status\": \"FAILED\"\r}\n"));
  const Reading reading = take(hub, id);
  REQUIRE(reading.types() == "connected update");
  CHECK(reading.messages[1]["data"] ==
        nlohmann::json{{"registrationId", 42}, {"status", "FAILED"}});
}

TEST_CASE("A frame is encoded once however many hear it") {
  LiveHub hub;
  const SubscriptionId first = subscribe(hub);
  const SubscriptionId second = subscribe(hub, 42);
  REQUIRE_FALSE(hub.publish(update_of(42)));
  CHECK(hub.collect(first, start_timestamp_ms)->frames().back() ==
        hub.collect(second, start_timestamp_ms)->frames().back());
}

TEST_CASE("A malformed message is counted and explained and reaches nobody") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  static_cast<void>(take(hub, id));
  static_cast<void>(poll_all(hub));

  const std::string message = GENERATE(
      as<std::string>{}, "", "not json", "[]", "42", R"({"status":"PENDING"})",
      R"({"registrationId":42})", R"({"registrationId":"x","status":"PENDING"})",
      R"({"registrationId":0,"status":"PENDING"})", R"({"registrationId":42,"status":"PENDING")");
  const std::optional<DecodeError> error = hub.publish(message);
  REQUIRE(error);
  CHECK_FALSE(error->what.empty());
  CHECK(hub.counters().malformed.total() == 1);
  CHECK(hub.counters().published == 0);
  CHECK(take_bytes(hub, id).empty());
  CHECK(poll_all(hub).empty());
}

TEST_CASE("Poll names each subscription once whatever it was given meanwhile") {
  LiveHub hub;
  const SubscriptionId first = subscribe(hub, 1);
  const SubscriptionId second = subscribe(hub, 2);
  REQUIRE_FALSE(hub.publish(update_of(1)));
  REQUIRE_FALSE(hub.publish(update_of(1)));
  CHECK(poll_all(hub).size() == 2);
  CHECK(poll_all(hub).empty());

  REQUIRE_FALSE(hub.publish(update_of(2)));
  const std::vector<SubscriptionId> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0] == second);
  CHECK(take(hub, first).types() == "connected update update");
}

TEST_CASE("A removed subscription gets nothing and its id identifies nothing") {
  LiveHub hub;
  const SubscriptionId left = subscribe(hub, 42);
  const SubscriptionId stays = subscribe(hub, 42);
  hub.unsubscribe(left);
  CHECK(hub.collect(left, start_timestamp_ms) == nullptr);
  CHECK(hub.subscriptions() == 1);

  const std::vector<SubscriptionId> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0] == stays);

  SECTION("leaving twice is no harm") {
    hub.unsubscribe(left);
    CHECK(hub.subscriptions() == 1);
  }
  SECTION("its slot is used again, under another generation") {
    const SubscriptionId next = subscribe(hub, 43);
    CHECK(next.slot == left.slot);
    CHECK_FALSE(next == left);
    hub.unsubscribe(left);
    hub.send_retry(left, Duration{1});
    CHECK(take(hub, next).types() == "connected");
    REQUIRE_FALSE(hub.publish(update_of(42)));
    CHECK(take_bytes(hub, next).empty());
    CHECK(take(hub, stays).types() == "connected update");
  }
}

TEST_CASE("Subscriptions that come and go in any order leave the others undisturbed") {
  LiveHub hub;
  std::vector<SubscriptionId> ids;
  for (std::int64_t registration = 1; registration <= 3; ++registration) {
    for (int count = 0; count < 4; ++count) {
      ids.push_back(subscribe(hub, registration));
    }
  }
  for (const std::size_t index : {0U, 7U, 5U, 11U, 8U, 9U, 10U}) {
    hub.unsubscribe(ids[index]);
  }
  for (std::int64_t registration = 1; registration <= 3; ++registration) {
    REQUIRE_FALSE(hub.publish(update_of(registration)));
  }
  for (const std::size_t index : {1U, 2U, 3U, 4U, 6U}) {
    CHECK(take(hub, ids[index]).types() == "connected update");
  }
  CHECK(hub.counters().deliveries == 5);
}

TEST_CASE("send_retry tells one subscriber when to reconnect") {
  LiveHub hub;
  const SubscriptionId told = subscribe(hub);
  const SubscriptionId other = subscribe(hub);
  hub.send_retry(told, Duration{7'000});
  CHECK(take(hub, told).retries.back() == Duration{7'000});
  CHECK(take(hub, other).retries.back() == HubOptions{}.retry);
}
