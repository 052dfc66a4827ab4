#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

constexpr std::int64_t timestamp_ms = 1'702'493'000'000;

Update update_of(std::int64_t registration_id, std::string message = "looked up") {
  Update update;
  update.registration_id = registration_id;
  update.status = "PENDING";
  update.message = std::move(message);
  return update;
}

}  // namespace

TEST_CASE("A late subscriber gets the registration's state first and then its updates") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "started", timestamp_ms)));
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "completed", timestamp_ms + 1)));
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms + 2)));

  const SubscriptionId id = hub.subscribe(follow(42), Instant{}, timestamp_ms + 3);
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "completed", timestamp_ms + 4)));

  const Reading reading = take(hub, id);
  REQUIRE(reading.types() == "connected snapshot update");
  CHECK(reading.ids == std::vector<std::string>{"0-0", LiveHub::id(3), LiveHub::id(4)});
  const nlohmann::json& snapshot = reading.messages[1];
  CHECK(snapshot["timestamp"] == timestamp_ms + 3);
  CHECK(snapshot["data"]["registrationId"] == 42);
  CHECK(snapshot["data"]["id"] == LiveHub::id(3));
  CHECK(snapshot["data"]["status"] == "PENDING");
  CHECK(snapshot["data"]["stage"] == "t24_lookup");
  REQUIRE(snapshot["data"]["stages"].size() == 2);
  CHECK(snapshot["data"]["stages"][0].at("stageStatus") == "completed");
  CHECK(snapshot["data"]["stages"][1].at("stageStatus") == "started");
}

TEST_CASE("There is no snapshot of an unknown registration and none of all registrations") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms)));
  CHECK(take(hub, hub.subscribe(follow(43), Instant{}, timestamp_ms)).types() == "connected");
  CHECK(take(hub, hub.subscribe({}, Instant{}, timestamp_ms)).types() == "connected");
}

TEST_CASE("A snapshot's id is the position however old the registration's last update is") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms)));
  REQUIRE_FALSE(hub.publish(stage_update(43, "t24_lookup", "started", timestamp_ms)));
  const Reading reading = take(hub, hub.subscribe(follow(42), Instant{}, timestamp_ms));
  REQUIRE(reading.types() == "connected snapshot");
  CHECK(reading.ids.back() == LiveHub::id(2));
  CHECK(reading.messages[1]["data"]["id"] == LiveHub::id(1));
}

TEST_CASE("A snapshot is encoded once for all who join until the registration changes") {
  LiveHub hub;
  const auto snapshot_frame = [&hub] {
    const SubscriptionId id = hub.subscribe(follow(42), Instant{}, timestamp_ms);
    return hub.collect(id, timestamp_ms)->frames().back();
  };
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms)));
  const FramePtr first = snapshot_frame();
  REQUIRE_FALSE(hub.publish(stage_update(43, "t24_lookup", "started", timestamp_ms)));
  CHECK(snapshot_frame() == first);
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "completed", timestamp_ms)));
  const FramePtr second = snapshot_frame();
  CHECK_THAT(std::string(second->bytes()), Catch::Contains(R"("stageStatus":"completed")"));
  CHECK(hub.counters().snapshots == 3);
}

TEST_CASE("Of too many registrations the one that was quiet for longest is forgotten") {
  KnownRegistrations known(registration_workflow(), {.count_max = 3});
  for (const std::int64_t id : {1, 2, 3, 1, 4}) {
    known.apply(id, update_of(id));
  }
  CHECK(known.size() == 3);
  CHECK(known.find(2) == nullptr);
  REQUIRE(known.find(1) != nullptr);
  CHECK(known.find(1)->message == "looked up");
  CHECK(known.find(3) != nullptr);
  CHECK(known.find(4) != nullptr);
}

TEST_CASE("A forgotten registration gets its whole state back from the journal") {
  HubOptions options;
  options.known_registrations.count_max = 1;
  LiveHub hub{options};
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "started", timestamp_ms)));
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "completed", timestamp_ms + 1)));
  REQUIRE_FALSE(hub.publish(stage_update(43, "duplicate_check", "started", timestamp_ms)));
  CHECK(hub.known_registrations().find(42) == nullptr);
  SECTION("when somebody asks") {}
  SECTION("when it gets a new update") {
    REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms + 2)));
  }
  const Reading reading = take(hub, hub.subscribe(follow(42), Instant{}, timestamp_ms));
  REQUIRE(reading.types() == "connected snapshot");
  const auto& stage = reading.messages[1]["data"]["stages"][0];
  CHECK(stage["startedAt"] == timestamp_ms);
  CHECK(stage["endedAt"] == timestamp_ms + 1);
  CHECK(hub.known_registrations().size() == 1);
  // A stream of all registrations recalls none.
  CHECK(take(hub, hub.subscribe({}, Instant{}, timestamp_ms)).types() == "connected");
}

TEST_CASE("Large texts are bounded by bytes and the newest registration is always kept") {
  KnownRegistrations known(registration_workflow(), {.count_max = 100, .bytes_max = 1'000});
  for (std::int64_t id = 1; id <= 50; ++id) {
    known.apply(id, update_of(id, std::string(200, 'x')));
    REQUIRE(known.bytes() <= 1'000);
  }
  CHECK(known.size() == 4);
  known.apply(51, update_of(51, std::string(5'000, 'x')));
  CHECK(known.size() == 1);
  CHECK(known.find(51) != nullptr);
  known.apply(51, update_of(51, "short"));
  CHECK(known.bytes() < 100);
}

TEST_CASE("Encoded snapshots count as bytes and requested registrations as used") {
  KnownRegistrations known(registration_workflow(), {.count_max = 100, .bytes_max = 1'000});
  for (std::int64_t id = 1; id <= 4; ++id) {
    known.apply(id, update_of(id, std::string(200, 'x')));
  }
  const std::size_t each = known.bytes() / 4;
  const FramePtr snapshot = known.snapshot(1, timestamp_ms);
  REQUIRE(snapshot);
  CHECK(known.bytes() <= 1'000);
  CHECK(known.size() == 2);
  CHECK(known.bytes() == 2 * each + snapshot->bytes().size());
  CHECK(known.find(1) != nullptr);
  CHECK(known.find(4) != nullptr);
  CHECK(known.snapshot(1, timestamp_ms) == snapshot);
  CHECK(known.snapshot(2, timestamp_ms) == nullptr);
}
