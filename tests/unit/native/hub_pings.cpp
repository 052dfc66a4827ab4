#include <cstdint>
#include <optional>
#include <vector>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::int64_t timestamp_ms = 1'702'493'000'000;

Instant at(std::int64_t ms) {
  return Instant{Duration{ms}};
}

}  // namespace

TEST_CASE("Without a subscription there is no deadline") {
  LiveHub hub;
  CHECK_FALSE(hub.next_deadline());
  hub.handle_deadline(at(1'000'000), timestamp_ms);
  const SubscriptionId id = hub.subscribe({}, "", at(0), timestamp_ms);
  CHECK(hub.next_deadline());
  hub.unsubscribe(id);
  CHECK_FALSE(hub.next_deadline());
}

TEST_CASE("Each subscription gets a ping at its own interval") {
  LiveHub hub({.ping_interval = Duration{100}});
  const SubscriptionId first = hub.subscribe({}, "", at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe(42, "", at(30), timestamp_ms);
  static_cast<void>(take(hub, first));
  static_cast<void>(take(hub, second));
  static_cast<void>(poll_all(hub));
  CHECK(hub.next_deadline() == at(100));

  hub.handle_deadline(at(99), timestamp_ms + 99);
  CHECK(poll_all(hub).empty());

  hub.handle_deadline(at(100), timestamp_ms + 100);
  const Reading reading = take(hub, first);
  REQUIRE(reading.messages.size() == 1);
  CHECK(reading.messages[0] == nlohmann::json{{"type", "ping"}, {"timestamp", timestamp_ms + 100}});
  CHECK(take(hub, second).messages.empty());
  CHECK(hub.next_deadline() == at(130));

  hub.handle_deadline(at(130), timestamp_ms + 130);
  CHECK(take(hub, second).types() == "ping");
  CHECK(hub.next_deadline() == at(200));
}

TEST_CASE("A late deadline gives one ping to everyone who is due, encoded once") {
  LiveHub hub({.ping_interval = Duration{100}});
  const SubscriptionId first = hub.subscribe({}, "", at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe({}, "", at(10), timestamp_ms);
  hub.handle_deadline(at(1'000), timestamp_ms);
  CHECK(hub.collect(first, timestamp_ms)->frames().back() ==
        hub.collect(second, timestamp_ms)->frames().back());
  CHECK(take(hub, first).types() == "connected ping");
  CHECK(take(hub, second).types() == "connected ping");
  CHECK(hub.next_deadline() == at(1'100));
}

TEST_CASE("Whoever leaves, from the middle or an end, takes only its own ping along") {
  LiveHub hub({.ping_interval = Duration{100}});
  std::vector<SubscriptionId> ids;
  for (std::int64_t index = 0; index < 5; ++index) {
    ids.push_back(hub.subscribe({}, "", at(index), timestamp_ms));
  }
  hub.unsubscribe(ids[2]);
  hub.unsubscribe(ids[0]);
  hub.unsubscribe(ids[4]);
  CHECK(hub.next_deadline() == at(101));
  hub.handle_deadline(at(103), timestamp_ms);
  CHECK(take(hub, ids[1]).types() == "connected ping");
  CHECK(take(hub, ids[3]).types() == "connected ping");
  CHECK(hub.next_deadline() == at(203));
}

TEST_CASE("An interval of nothing ends all the same") {
  LiveHub hub({.ping_interval = Duration{0}});
  const SubscriptionId first = hub.subscribe({}, "", at(0), timestamp_ms);
  const SubscriptionId second = hub.subscribe({}, "", at(0), timestamp_ms);
  hub.handle_deadline(at(0), timestamp_ms);
  CHECK(take(hub, first).types() == "connected ping");
  CHECK(take(hub, second).types() == "connected ping");
}

TEST_CASE("A ping has no id: it leaves the cursor where it is") {
  LiveHub hub({.ping_interval = Duration{100}});
  const SubscriptionId id = hub.subscribe({}, "", at(0), timestamp_ms);
  static_cast<void>(take(hub, id));
  hub.handle_deadline(at(100), timestamp_ms);
  CHECK_THAT(take_bytes(hub, id), Catch::StartsWith("data: {\"type\":\"ping\""));
}

TEST_CASE("Who does not read what waits is not given a ping besides") {
  LiveHub hub({.ping_interval = Duration{100}, .outbox_bytes_max = 200});
  const SubscriptionId id = hub.subscribe({}, "", at(0), timestamp_ms);
  for (std::int64_t count = 1; count <= 1'000; ++count) {
    hub.handle_deadline(at(100 * count), timestamp_ms);
    REQUIRE(hub.collect(id, timestamp_ms)->bytes_waiting() < 300);
  }
  static_cast<void>(take(hub, id));
  hub.handle_deadline(at(200'000), timestamp_ms);
  CHECK(take(hub, id).types() == "ping");
}
