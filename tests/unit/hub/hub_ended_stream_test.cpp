// A stream until the final update: when its end comes, and what a client gets that comes back.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "hub/cursor.hpp"
#include "hub/stream_pump.hpp"
#include "hub_reading.hpp"
#include "refusal.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

using Ids = std::vector<std::string>;

SubscriptionId subscribe(Hub& hub, const std::string& cursor = {}) {
  return hub.subscribe({.ids = {42}, .cursor = cursor, .until_final = true}, Instant{},
                       reading_timestamp_ms);
}

std::string end_id(std::uint64_t sequence) {
  return LiveHub::id(sequence) + "-end";
}

std::string status_update(const std::string& status, std::int64_t registration_id = 42) {
  return nlohmann::json{{"registrationId", registration_id},
                        {"status", status},
                        {"message", "so it is"},
                        {"timestamp", reading_timestamp_ms}}
      .dump();
}

std::string step(const std::string& stage, const std::string& stage_status,
                 std::int64_t registration_id = 42) {
  static std::int64_t timestamp_ms = reading_timestamp_ms;
  return stage_update(registration_id, stage, stage_status, ++timestamp_ms);
}

// The same history for all tests: two messages of another id, 3 and 4 a run that 5 ends, 6 a late
// stage update, 7 of another id, 8 the next run.
void publish_run(LiveHub& hub) {
  for (const std::string& message :
       {step("t24_lookup", "started", 43), status_update("APPROVED", 43),
        step("duplicate_check", "started"), step("t24_lookup", "started"),
        status_update("APPROVED"), step("t24_lookup", "completed"),
        step("t24_lookup", "started", 43)}) {
    REQUIRE_FALSE(hub.publish(message));
  }
}

void publish_next_run(LiveHub& hub) {
  REQUIRE_FALSE(hub.publish(step("duplicate_check", "started")));
}

void check_ended(Hub& hub, SubscriptionId id) {
  CHECK(hub.collect(id, reading_timestamp_ms)->is_finished());
}

}  // namespace

TEST_CASE("A stream ends with the first final update that it hears and nothing follows") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  publish_run(hub);
  publish_next_run(hub);
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "connected update update update end");
  CHECK(reading.ids.back() == end_id(5));
  CHECK(reading.messages.back() == nlohmann::json{{"type", "end"},
                                                  {"id", LiveHub::id(5)},
                                                  {"timestamp", reading_timestamp_ms}});
  check_ended(hub, id);
  CHECK(hub.counters().ended == 1);

  // Neither what is published nor the time nor another history reaches it.
  REQUIRE_FALSE(hub.publish(status_update("FAILED")));
  hub.handle_deadline(Instant{Duration{60'000}}, reading_timestamp_ms);
  hub.begin_history({.epoch = LiveHub::epoch + 1, .sequence = 0});
  hub.go_live(reading_timestamp_ms);
  CHECK(take_bytes(hub, id).empty());
}

TEST_CASE("The end is the last event of the body and is framed like the rest") {
  LiveHub hub;
  const SubscriptionId id =
      hub.subscribe({.ids = {42}, .until_final = true, .framing = Framing::chunked}, Instant{},
                    reading_timestamp_ms);
  static_cast<void>(take(hub, id));
  REQUIRE_FALSE(hub.publish(status_update("DUPLICATE")));
  const Outbox& outbox = *hub.collect(id, reading_timestamp_ms);
  std::string wire;
  for (const FramePtr& frame : outbox.frames()) {
    wire += outbox.wire_bytes(*frame);
  }
  CHECK_THAT(wire, Catch::EndsWith("\n\n\r\n0\r\n\r\n"));
  CHECK_THAT(wire, Catch::Contains("id: " + end_id(1) + "\ndata: {\"type\":\"end\","));
}

TEST_CASE("Every final status ends a stream and an open one does not") {
  LiveHub hub;
  for (const char* status : {"APPROVED", "DUPLICATE", "FAILED", "COMPLETED"}) {
    const std::int64_t registration_id = hub.journal().position().sequence == 0 ? 1 : 2;
    const SubscriptionId id = hub.subscribe({.ids = {registration_id + 10}, .until_final = true},
                                            Instant{}, reading_timestamp_ms);
    static_cast<void>(take(hub, id));
    REQUIRE_FALSE(hub.publish(status_update(status, registration_id + 10)));
    INFO(status);
    CHECK_THAT(take(hub, id).types(), Catch::EndsWith("end") || Catch::Equals(""));
  }
  const SubscriptionId id = subscribe(hub);
  static_cast<void>(take(hub, id));
  for (const char* status : {"PENDING", "ON_HOLD"}) {
    REQUIRE_FALSE(hub.publish(status_update(status)));
    CHECK(take(hub, id).types() == "update");
  }
  // A stage that starts with a final status goes on; one that ends with it does not.
  const auto stage = [](const char* stage_status) {
    auto message = nlohmann::json::parse(step("status_update", stage_status));
    message["status"] = "APPROVED";
    return message.dump();
  };
  REQUIRE_FALSE(hub.publish(stage("started")));
  CHECK(take(hub, id).types() == "update");
  REQUIRE_FALSE(hub.publish(stage("completed")));
  CHECK(take(hub, id).types() == "update end");
}

TEST_CASE("A stream without until=final goes on whatever is final") {
  LiveHub hub;
  const SubscriptionId id =
      hub.subscribe({.ids = {42}, .until_final = false}, Instant{}, reading_timestamp_ms);
  publish_run(hub);
  publish_next_run(hub);
  CHECK(take(hub, id).types() == "connected update update update update update");
  CHECK(hub.counters().ended == 0);
}

TEST_CASE("Without a cursor a final snapshot is followed by the end at once") {
  LiveHub hub;
  publish_run(hub);
  const SubscriptionId id = subscribe(hub);
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "connected snapshot end");
  CHECK(reading.ids == Ids{"0-0", LiveHub::id(7), end_id(5)});
  check_ended(hub, id);

  publish_next_run(hub);
  const SubscriptionId next = subscribe(hub);
  CHECK(take(hub, next).types() == "connected snapshot");
  REQUIRE_FALSE(hub.publish(status_update("FAILED")));
  CHECK(take(hub, next).ids == Ids{LiveHub::id(9), end_id(9)});
}

TEST_CASE("A client that comes back gets what it missed and the end in its place") {
  LiveHub hub;
  publish_run(hub);
  publish_next_run(hub);
  struct Case {
    std::uint64_t cursor;
    std::string types;
    std::string last_id;
  };
  const Case expected = GENERATE(values<Case>({
      {0, "connected update update update end", end_id(5)},
      {2, "connected update update update end", end_id(5)},
      {3, "connected update update end", end_id(5)},
      {4, "connected update end", end_id(5)},
      {5, "connected end", end_id(5)},
      {6, "connected end", end_id(5)},  // It received the late stage update elsewhere.
      {7, "connected end", end_id(5)},
      {8, "connected", LiveHub::id(8)},  // It received the next run elsewhere.
  }));
  CAPTURE(expected.cursor);
  const Reading reading = take(hub, subscribe(hub, LiveHub::id(expected.cursor)));
  CHECK(reading.types() == expected.types);
  CHECK(reading.ids.front() == LiveHub::id(expected.cursor));
  CHECK(reading.ids.back() == expected.last_id);
}

TEST_CASE("A second final status is the one that a later cursor's end is of") {
  LiveHub hub;
  publish_run(hub);
  REQUIRE_FALSE(hub.publish(status_update("COMPLETED")));
  CHECK(take(hub, subscribe(hub, LiveHub::id(5))).ids == Ids{LiveHub::id(5), end_id(5)});
  CHECK(take(hub, subscribe(hub, LiveHub::id(8))).ids == Ids{LiveHub::id(8), end_id(8)});
  CHECK(take(hub, subscribe(hub)).ids.back() == end_id(8));
}

TEST_CASE("A status that opens an ended id again is not final and a stage of it ends nothing") {
  LiveHub hub;
  publish_run(hub);
  REQUIRE_FALSE(hub.publish(status_update("PENDING")));
  CHECK(take(hub, subscribe(hub, LiveHub::id(8))).types() == "connected");
  CHECK(take(hub, subscribe(hub, LiveHub::id(7))).types() == "connected end");
  CHECK(take(hub, subscribe(hub)).types() == "connected snapshot");
}

TEST_CASE("The final update may have left the journal as long as the id's state is known") {
  LiveHub hub{{.journal = {.count_max = 3}}};
  publish_run(hub);
  // First 5 to 7 are here, then 6 to 8; the cursor says that 5 was received.
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
  SECTION("with a late update behind the cursor") {
    CHECK(take(hub, subscribe(hub, LiveHub::id(5))).ids == Ids{LiveHub::id(5), end_id(5)});
  }
  SECTION("with nothing of it behind the cursor") {
    CHECK(take(hub, subscribe(hub, LiveHub::id(7))).ids == Ids{LiveHub::id(7), end_id(5)});
    REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
    CHECK(take(hub, subscribe(hub, LiveHub::id(7))).ids == Ids{LiveHub::id(7), end_id(5)});
  }
  SECTION("but not when another run has begun: then nothing tells which update it was") {
    publish_next_run(hub);
    const Reading reading = take(hub, subscribe(hub, LiveHub::id(6)));
    CHECK(reading.types() == "connected reset snapshot");
    CHECK(hub.counters().resets.of(ResetCause::cursor_too_old) == 1);
  }
}

TEST_CASE("A cursor can't be judged when nothing is known about its id any more") {
  LiveHub hub{{.journal = {.count_max = 3}, .known_registrations = {.count_max = 1}}};
  publish_run(hub);
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "completed", 43)));
  CHECK_FALSE(hub.journal().has_any_of(42));
  const SubscriptionId id = subscribe(hub, LiveHub::id(7));
  const Reading reading = take(hub, id);
  CHECK(reading.types() == "connected reset");
  CHECK(reading.ids == Ids{"0-0", LiveHub::id(9)});
  // What is published from then on ends it as ever.
  REQUIRE_FALSE(hub.publish(status_update("FAILED")));
  CHECK(take(hub, id).ids == Ids{LiveHub::id(10), end_id(10)});
}

TEST_CASE("An id without messages in a whole history is open and its stream resumes") {
  LiveHub hub;
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
  CHECK(take(hub, subscribe(hub, LiveHub::id(1))).types() == "connected");
  REQUIRE_FALSE(hub.publish(step("duplicate_check", "started")));
  CHECK(take(hub, subscribe(hub, LiveHub::id(1))).types() == "connected update");
  CHECK(hub.counters().resets.total() == 0);
}

TEST_CASE("An id whose first known message is behind the cursor was open if the history is whole") {
  LiveHub hub{{.journal = {.count_max = 2}}};
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "completed", 43)));
  REQUIRE_FALSE(hub.publish(step("t24_lookup", "started", 43)));
  REQUIRE_FALSE(hub.publish(step("duplicate_check", "started")));
  // What came before it is gone: an earlier run may have ended.
  CHECK(take(hub, subscribe(hub, LiveHub::id(3))).types() == "connected reset snapshot");
  CHECK(take(hub, subscribe(hub, LiveHub::id(4))).types() == "connected");
}

TEST_CASE("A reset is followed by a snapshot and by the end if that is final") {
  LiveHub hub{{.outbox_bytes_max = 1, .journal = {.count_max = 3}}};
  const SubscriptionId slow = subscribe(hub);
  REQUIRE(hub.collect(slow, reading_timestamp_ms) != nullptr);
  publish_run(hub);
  const Reading overrun = take(hub, slow);
  CHECK(overrun.types() == "connected reset snapshot end");
  CHECK(overrun.ids == Ids{LiveHub::id(0), "0-0", LiveHub::id(7), end_id(5)});
  check_ended(hub, slow);

  CHECK(take(hub, subscribe(hub, LiveHub::id(0))).types() == "connected reset snapshot end");
  publish_next_run(hub);
  CHECK(take(hub, subscribe(hub, LiveHub::id(0))).types() == "connected reset snapshot");
}

TEST_CASE("A client that is cut off before the end gets it and not before the final update") {
  LiveHub hub;
  const SubscriptionId whole = subscribe(hub);
  publish_run(hub);
  const Reading reading = take(hub, whole);
  for (std::size_t index = 0; index + 1 < reading.ids.size(); ++index) {
    const Reading rest = take(hub, subscribe(hub, reading.ids[index]));
    CHECK(rest.ids.back() == end_id(5));
    CHECK(rest.messages.size() == reading.messages.size() - index);
  }
}

TEST_CASE(
    "A client that asks for a snapshot at a cursor gets the state and the end if it is final") {
  LiveHub hub;
  publish_run(hub);
  const SubscriptionRequest request{
      .ids = {42}, .cursor = LiveHub::id(4), .snapshots = {42}, .until_final = true};
  const auto read = [&] {
    return take(hub, hub.subscribe(request, Instant{}, reading_timestamp_ms));
  };
  CHECK(read().ids == Ids{LiveHub::id(4), LiveHub::id(4), end_id(5)});
  publish_next_run(hub);
  CHECK(read().types() == "connected snapshot");
}

TEST_CASE("A waiting stream is judged when it gets connected") {
  Hub hub;
  hub.begin_history({.epoch = LiveHub::epoch, .sequence = 0});
  const SubscriptionId early = subscribe(hub);
  const SubscriptionId resumed = subscribe(hub, LiveHub::id(1));
  REQUIRE_FALSE(hub.publish({LiveHub::epoch, 1}, status_update("APPROVED"), Instant{}));
  CHECK(take(hub, early).messages.empty());
  hub.go_live(reading_timestamp_ms);
  CHECK(take(hub, early).types() == "connected snapshot end");
  CHECK(take(hub, resumed).types() == "connected end");

  const SubscriptionId ahead = subscribe(hub, LiveHub::id(2));
  REQUIRE(hub.poll_catch_up(Instant{}));
  REQUIRE_FALSE(hub.publish({LiveHub::epoch, 2}, status_update("COMPLETED"), Instant{}));
  CHECK(take(hub, ahead).messages.empty());
  hub.caught_up(reading_timestamp_ms);
  CHECK(take(hub, ahead).ids == Ids{LiveHub::id(2), end_id(2)});
}

TEST_CASE("A stream that a draining server ends has no end: its client comes back for it") {
  LiveHub hub;
  const SubscriptionId id = subscribe(hub);
  hub.end(id);
  CHECK(take(hub, id).types() == "connected");
  check_ended(hub, id);
  CHECK(hub.counters().ended == 0);
}

TEST_CASE("Without until=final the id of an end counts as that of its update") {
  LiveHub hub;
  publish_run(hub);
  const auto read = [&](const std::string& cursor) {
    return take_bytes(
        hub, hub.subscribe({.ids = {42}, .cursor = cursor}, Instant{}, reading_timestamp_ms));
  };
  CHECK(read(end_id(5)) == read(LiveHub::id(5)));
  CHECK(read_stream(read(end_id(5))).types() == "connected update");
  CHECK(read_stream(read("1-1-end")).types() == "connected reset snapshot");
}

TEST_CASE("Only a client that has the end is refused whatever happened to the history") {
  StreamPump pump({.streams = std::make_shared<StreamCount>(0)});
  const auto refuse = [&pump](const std::string& cursor, bool until_final) {
    return refusal_of(pump, {.ids = {42}, .cursor = cursor, .until_final = until_final});
  };
  CHECK(refuse(end_id(5), true) == StreamRefusal::ended);
  CHECK(refuse("1-1-end", true) == StreamRefusal::ended);
  CHECK(pump.streams_refused() == 0);
  CHECK(refuse(end_id(5), false) == StreamRefusal::full);
  for (const char* cursor : {"", "-end", "1-end", "1-1-end-end", "1-1 -end", "1-1-END", "1-1"}) {
    CHECK(refuse(cursor, true) == StreamRefusal::full);
  }
}
