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
  return hub.subscribe(registration_id, start, start_timestamp_ms);
}

std::string update_of(std::int64_t registration_id) {
  return stage_update(registration_id, "t24_lookup", "started", start_timestamp_ms);
}

}  // namespace

TEST_CASE("A subscription begins with retry and connected, ready to be sent at once") {
  Hub hub({.retry = Duration{2'500}});
  const SubscriptionId id = subscribe(hub);

  const std::vector<Ready> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].id == id);
  CHECK_FALSE(ready[0].overrun);

  const Reading reading = take(hub, id);
  REQUIRE(reading.retries.size() == 1);
  CHECK(reading.retries[0] == Duration{2'500});
  REQUIRE(reading.messages.size() == 1);
  CHECK(reading.messages[0] ==
        nlohmann::json{{"type", "connected"}, {"timestamp", start_timestamp_ms}});
}

TEST_CASE(
    "An update reaches those who hear all, those who hear its registration, and no one else") {
  Hub hub;
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

TEST_CASE("An update is forwarded as it came, with what this version does not know") {
  Hub hub;
  const SubscriptionId id = subscribe(hub);
  const std::string message =
      R"({"later":[1.50,{"a":null}],"registrationId":42,"status":"ON_HOLD"})";
  REQUIRE_FALSE(hub.publish(message));

  const FramePtr frame = hub.outbox(id)->frames().back();
  CHECK(frame->bytes() == "data: {\"type\":\"update\",\"data\":" + message + "}\n\n");
}

TEST_CASE("A pretty-printed update arrives as the same JSON") {
  Hub hub;
  const SubscriptionId id = subscribe(hub);
  REQUIRE_FALSE(hub.publish("{\r\n  \"registrationId\": 42,\n  \"status\": \"FAILED\"\r}\n"));
  const Reading reading = take(hub, id);
  REQUIRE(reading.types() == "connected update");
  CHECK(reading.messages[1]["data"] ==
        nlohmann::json{{"registrationId", 42}, {"status", "FAILED"}});
}

TEST_CASE("A frame is encoded once, however many hear it") {
  Hub hub;
  const SubscriptionId first = subscribe(hub);
  const SubscriptionId second = subscribe(hub, 42);
  REQUIRE_FALSE(hub.publish(update_of(42)));
  CHECK(hub.outbox(first)->frames().back() == hub.outbox(second)->frames().back());
}

TEST_CASE("A malformed message is counted, explained, and reaches nobody") {
  Hub hub;
  const SubscriptionId id = subscribe(hub);
  static_cast<void>(take(hub, id));
  static_cast<void>(poll_all(hub));

  const std::string message = GENERATE(
      as<std::string>{}, "", "not json", "[]", "42", R"({"status":"PENDING"})",
      R"({"registrationId":42})", R"({"registrationId":"42","status":"PENDING"})",
      R"({"registrationId":0,"status":"PENDING"})", R"({"registrationId":42,"status":"PENDING")");
  const std::optional<DecodeError> error = hub.publish(message);
  REQUIRE(error);
  CHECK_FALSE(error->what.empty());
  CHECK(hub.counters().malformed == 1);
  CHECK(hub.counters().published == 0);
  CHECK(hub.outbox(id)->empty());
  CHECK(poll_all(hub).empty());
}

TEST_CASE("Poll names each subscription once, whatever it was given meanwhile") {
  Hub hub;
  const SubscriptionId first = subscribe(hub, 1);
  const SubscriptionId second = subscribe(hub, 2);
  REQUIRE_FALSE(hub.publish(update_of(1)));
  REQUIRE_FALSE(hub.publish(update_of(1)));
  CHECK(poll_all(hub).size() == 2);
  CHECK(poll_all(hub).empty());

  REQUIRE_FALSE(hub.publish(update_of(2)));
  const std::vector<Ready> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].id == second);
  CHECK(take(hub, first).types() == "connected update update");
}

TEST_CASE("Who has left hears nothing, and its id names nothing") {
  Hub hub;
  const SubscriptionId left = subscribe(hub, 42);
  const SubscriptionId stays = subscribe(hub, 42);
  hub.unsubscribe(left);
  CHECK(hub.outbox(left) == nullptr);
  CHECK(hub.subscriptions() == 1);

  const std::vector<Ready> ready = poll_all(hub);
  REQUIRE(ready.size() == 1);
  CHECK(ready[0].id == stays);

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
    CHECK(hub.outbox(next)->empty());
    CHECK(take(hub, stays).types() == "connected update");
  }
}

TEST_CASE("Subscriptions that come and go in any order leave the others undisturbed") {
  Hub hub;
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
  CHECK(hub.counters().deliveries == 5);
  for (const std::size_t index : {1U, 2U, 3U, 4U, 6U}) {
    CHECK(take(hub, ids[index]).types() == "connected update");
  }
}

TEST_CASE("A reader that does not keep up is cut off, and costs no one else anything") {
  Hub hub({.outbox_bytes_max = 2'000});
  const SubscriptionId slow = subscribe(hub);
  const SubscriptionId fast = subscribe(hub);
  std::size_t received = take(hub, fast).messages.size() - 1;
  bool is_cut = false;
  int published = 0;
  while (!is_cut && published < 100) {
    REQUIRE_FALSE(hub.publish(update_of(42)));
    ++published;
    received += take(hub, fast).messages.size();
    for (const Ready& ready : poll_all(hub)) {
      CHECK((ready.id == slow || !ready.overrun));
      is_cut = is_cut || ready.overrun;
    }
  }
  CHECK(is_cut);
  CHECK(hub.counters().overruns == 1);
  CHECK(hub.outbox(slow)->empty());
  CHECK(received == static_cast<std::size_t>(published));

  // It stays cut off until it leaves, and is reported only once.
  REQUIRE_FALSE(hub.publish(update_of(42)));
  CHECK(hub.outbox(slow)->empty());
  CHECK(poll_all(hub).size() == 1);
  CHECK(hub.counters().overruns == 1);
  CHECK(hub.counters().deliveries == 2 * static_cast<std::uint64_t>(published));
}

TEST_CASE("A draining server tells one subscriber when to come back") {
  Hub hub;
  const SubscriptionId told = subscribe(hub);
  const SubscriptionId other = subscribe(hub);
  hub.send_retry(told, Duration{7'000});
  CHECK(take(hub, told).retries.back() == Duration{7'000});
  CHECK(take(hub, other).retries.back() == HubOptions{}.retry);
}
