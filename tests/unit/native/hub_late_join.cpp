#include <cstdint>
#include <string>

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

TEST_CASE("Who joins one registration late gets its state first, and then what comes") {
  Hub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "started", timestamp_ms)));
  REQUIRE_FALSE(hub.publish(stage_update(42, "duplicate_check", "completed", timestamp_ms + 1)));
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms + 2)));

  const SubscriptionId id = hub.subscribe(42, Instant{}, timestamp_ms + 3);
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "completed", timestamp_ms + 4)));

  const Reading reading = take(hub, id);
  REQUIRE(reading.types() == "connected snapshot update");
  const nlohmann::json& snapshot = reading.messages[1];
  CHECK(snapshot["timestamp"] == timestamp_ms + 3);
  CHECK(snapshot["data"]["registrationId"] == 42);
  CHECK(snapshot["data"]["status"] == "PENDING");
  CHECK(snapshot["data"]["stage"] == "t24_lookup");
  REQUIRE(snapshot["data"]["stages"].size() == 2);
  CHECK(snapshot["data"]["stages"][0].at("stageStatus") == "completed");
  CHECK(snapshot["data"]["stages"][1].at("stageStatus") == "started");
}

TEST_CASE("Nobody gets a snapshot of a registration that was not heard of, or of all") {
  Hub hub;
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms)));
  CHECK(take(hub, hub.subscribe(43, Instant{}, timestamp_ms)).types() == "connected");
  CHECK(take(hub, hub.subscribe({}, Instant{}, timestamp_ms)).types() == "connected");
}

TEST_CASE("After a gap everybody is told, and what was heard before it is given to nobody") {
  Hub hub;
  const SubscriptionId one = hub.subscribe(42, Instant{}, timestamp_ms);
  const SubscriptionId all = hub.subscribe({}, Instant{}, timestamp_ms);
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "started", timestamp_ms)));
  hub.announce_gap(timestamp_ms + 1);
  REQUIRE_FALSE(hub.publish(stage_update(42, "t24_lookup", "completed", timestamp_ms + 2)));

  CHECK(take(hub, one).types() == "connected update reset update");
  CHECK(take(hub, all).types() == "connected update reset update");

  hub.announce_gap(timestamp_ms + 3);
  CHECK(take(hub, hub.subscribe(42, Instant{}, timestamp_ms + 4)).types() == "connected");
}

TEST_CASE("Of too many registrations the one that was quiet for longest is forgotten") {
  KnownRegistrations known({.count_max = 3});
  for (const std::int64_t id : {1, 2, 3, 1, 4}) {
    known.apply(update_of(id));
  }
  CHECK(known.size() == 3);
  CHECK(known.find(2) == nullptr);
  REQUIRE(known.find(1) != nullptr);
  CHECK(known.find(1)->message == "looked up");
  CHECK(known.find(3) != nullptr);
  CHECK(known.find(4) != nullptr);
}

TEST_CASE("Large texts are bounded by bytes, and the newest registration is always kept") {
  KnownRegistrations known({.count_max = 100, .bytes_max = 1'000});
  for (std::int64_t id = 1; id <= 50; ++id) {
    known.apply(update_of(id, std::string(200, 'x')));
    REQUIRE(known.bytes() <= 1'000);
  }
  CHECK(known.size() == 4);
  known.apply(update_of(51, std::string(5'000, 'x')));
  CHECK(known.size() == 1);
  CHECK(known.find(51) != nullptr);
  known.apply(update_of(51, "short"));
  CHECK(known.bytes() < 100);
}
