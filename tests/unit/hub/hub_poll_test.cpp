// A stream that ends as soon as it has an answer.
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "hub/hub.hpp"
#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

std::string update(std::int64_t registration_id) {
  return stage_update(registration_id, "t24_lookup", "started", reading_timestamp_ms);
}

SubscriptionId poll(Hub& hub, SubscriptionRequest request, Instant now = {}) {
  request.is_poll = true;
  return hub.subscribe(request, now, reading_timestamp_ms);
}

bool has_ended(Hub& hub, SubscriptionId id) {
  const Outbox& outbox = *hub.collect(id, reading_timestamp_ms);
  return outbox.is_finished() && outbox.end() == StreamEnd::polled;
}

const Duration longest = HubOptions{}.poll_longest;

}  // namespace

TEST_CASE("A poll without a cursor ends behind connected and the snapshots") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(update(42)));
  REQUIRE_FALSE(hub.publish(update(43)));
  for (const auto& [ids, types] :
       {std::pair{std::vector<InstanceId>{42}, "connected snapshot"},
        std::pair{std::vector<InstanceId>{42, 43}, "connected snapshot snapshot"},
        std::pair{std::vector<InstanceId>{44}, "connected"},
        std::pair{std::vector<InstanceId>{}, "connected"}}) {
    const SubscriptionId id = poll(hub, {.ids = ids});
    const Reading reading = take(hub, id);
    CHECK(reading.types() == types);
    CHECK(reading.ids.back() == LiveHub::id(2));
    CHECK(has_ended(hub, id));
  }
}

TEST_CASE("A poll with a cursor waits for an update and brings all that there are") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(update(42)));
  const SubscriptionId id = poll(hub, {.ids = {42}, .cursor = LiveHub::id(1)});
  CHECK(take(hub, id).types() == "connected");
  CHECK_FALSE(has_ended(hub, id));
  // Nothing of these is an answer.
  REQUIRE_FALSE(hub.publish(update(43)));
  CHECK(hub.publish("{}"));
  hub.handle_deadline(Instant{longest} - Duration{1}, reading_timestamp_ms);
  (void)take(hub, id);
  CHECK_FALSE(has_ended(hub, id));

  REQUIRE_FALSE(hub.publish(update(42)));
  REQUIRE_FALSE(hub.publish(update(42)));
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "update update");
  CHECK(has_ended(hub, id));
  // What comes now is for the next one.
  REQUIRE_FALSE(hub.publish(update(42)));
  CHECK(take(hub, id).types().empty());
  const SubscriptionId next = poll(hub, {.ids = {42}, .cursor = reading.ids.back()});
  CHECK(take(hub, next).types() == "connected update");
  CHECK(has_ended(hub, next));
}

TEST_CASE("A poll that gets a reset gets all its snapshots however little an outbox takes") {
  LiveHub hub{{.outbox_bytes_max = 1}};
  REQUIRE_FALSE(hub.publish(update(42)));
  REQUIRE_FALSE(hub.publish(update(43)));
  REQUIRE_FALSE(hub.publish(update(44)));
  const SubscriptionId id = poll(hub, {.ids = {42, 43, 44}, .cursor = "1-1"});
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "connected reset snapshot snapshot snapshot");
  CHECK(reading.ids.back() == LiveHub::id(3));
  CHECK(has_ended(hub, id));

  const SubscriptionId added =
      poll(hub, {.ids = {42, 43}, .cursor = LiveHub::id(3), .snapshots = {43}});
  CHECK(take(hub, added).types() == "connected snapshot");
  CHECK(has_ended(hub, added));
}

TEST_CASE("A poll brings the updates behind the snapshots that it names which move no cursor") {
  const std::size_t outbox_bytes_max = GENERATE(std::size_t{1}, std::size_t{10'000});
  LiveHub hub{{.outbox_bytes_max = outbox_bytes_max}};
  for (const std::int64_t registration_id : {42, 43, 44, 42}) {
    REQUIRE_FALSE(hub.publish(update(registration_id)));
  }
  const auto read = [&](std::vector<InstanceId> snapshots) {
    const SubscriptionId id = poll(
        hub, {.ids = {42, 43, 44}, .cursor = LiveHub::id(3), .snapshots = std::move(snapshots)});
    Reading reading = take(hub, id);
    CHECK(has_ended(hub, id));
    return reading;
  };
  const Reading one = read({43});
  CHECK(one.types() == "connected snapshot update");
  CHECK(one.ids == std::vector{LiveHub::id(3), LiveHub::id(3), LiveHub::id(4)});
  const Reading more = read({43, 44});
  CHECK(more.types() == "connected snapshot snapshot update");
  CHECK(more.ids.back() == LiveHub::id(4));
  // Updates in the snapshot do not come again.
  CHECK(read({42}).types() == "connected snapshot");
}

TEST_CASE("Of more updates than an outbox takes a poll brings a part and the next ones the rest") {
  LiveHub hub{{.outbox_bytes_max = 300}};
  for (int count = 0; count < 10; ++count) {
    REQUIRE_FALSE(hub.publish(update(42)));
  }
  std::string cursor = LiveHub::id(1);
  int polls = 0;
  for (; cursor != LiveHub::id(10); ++polls) {
    REQUIRE(polls < 10);
    const SubscriptionId id = poll(hub, {.ids = {42}, .cursor = cursor});
    cursor = take(hub, id).ids.back();
    CHECK(has_ended(hub, id));
  }
  CHECK(polls > 1);
}

TEST_CASE(
    "A poll that there is nothing for ends in its time, also while the history is not there") {
  const bool is_live = GENERATE(true, false);
  Hub hub;
  hub.begin_history({.epoch = LiveHub::epoch, .sequence = 1});
  if (is_live) {
    hub.go_live(reading_timestamp_ms);
  }
  const SubscriptionId id =
      poll(hub, {.ids = {42}, .cursor = LiveHub::id(1)}, Instant{Duration{7}});
  const SubscriptionId later = poll(hub, {.cursor = LiveHub::id(1)}, Instant{Duration{8}});
  CHECK(take(hub, id).types() == (is_live ? "connected" : ""));
  Instant now{};
  while (now < Instant{longest} + Duration{7}) {
    CHECK_FALSE(has_ended(hub, id));
    REQUIRE(hub.next_deadline());
    now = *hub.next_deadline();
    REQUIRE(now <= Instant{longest} + Duration{7});
    hub.handle_deadline(now, reading_timestamp_ms);
  }
  CHECK(has_ended(hub, id));
  CHECK_FALSE(has_ended(hub, later));
  // It is gone: neither it nor its successor in the slot gets anything.
  CHECK(hub.unsubscribe(later));
  const SubscriptionId stream = hub.subscribe({.ids = {42}}, now, reading_timestamp_ms);
  hub.handle_deadline(now + Duration{1}, reading_timestamp_ms);
  hub.go_live(reading_timestamp_ms);
  REQUIRE_FALSE(hub.publish({.epoch = LiveHub::epoch, .sequence = 2}, update(42), now));
  CHECK(take(hub, stream).types() == "connected update");
  CHECK(take(hub, id).types().empty());
}

TEST_CASE("A poll until the final update ends by that as a stream does") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(update(42)));
  const SubscriptionId id = poll(hub, {.ids = {42}, .cursor = LiveHub::id(1), .until_final = true});
  REQUIRE_FALSE(hub.publish(
      R"({"registrationId":42,"status":"APPROVED","message":"so it is","timestamp":1702493000000})"));
  CHECK(take(hub, id).types() == "connected update end");
  CHECK(hub.collect(id, reading_timestamp_ms)->end() == StreamEnd::final_update);
}
