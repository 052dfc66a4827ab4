#include "watch/instances.hpp"

#include "folded_updates.hpp"

using namespace regstream;
using namespace regstream::watch;

namespace {

/// An event of the stream, which views of its text refer to.
struct Event {
  explicit Event(std::string text) : json(std::move(text)) {
    const auto error = decode_stream_message(json, registration_workflow(), message);
    REQUIRE_FALSE(error);
  }

  std::string json;
  StreamMessage message;
};

Event update_event(std::int64_t registration_id, const std::string& members) {
  return Event{R"({"type":"update","data":{"registrationId":)" + std::to_string(registration_id) +
               "," + members + "}}"};
}

std::vector<std::int64_t> ids(const Instances& instances) {
  std::vector<std::int64_t> result;
  for (const Registration& registration : instances.latest_first()) {
    result.push_back(registration.view().registration_id);
  }
  return result;
}

}  // namespace

TEST_CASE("each instance that moves has a view, and the one that moved last comes first") {
  Instances instances(registration_workflow());
  for (const std::int64_t id : {42, 43, 42}) {
    const Event event = update_event(id, stage_members("t24_lookup", "started", 0, "m"));
    static_cast<void>(instances.apply(event.message));
  }
  CHECK(ids(instances) == std::vector<std::int64_t>{42, 43});
  CHECK(instances.moved_count() == 2);

  const Event end = update_event(43, final_members("APPROVED", 900, "Validated"));
  const auto moved = instances.apply(end.message);
  REQUIRE(moved);
  CHECK(moved->before.status == "PENDING");
  CHECK(moved->after.status == "APPROVED");
  CHECK(ids(instances) == std::vector<std::int64_t>{43, 42});
  CHECK_FALSE(instances.apply(end.message));
}

TEST_CASE("a snapshot is taken where the stream brings one, and other messages move nothing") {
  Instances instances(registration_workflow());
  const Event snapshot{
      R"({"type":"snapshot","data":{"registrationId":42,"status":"FAILED","message":"m","processLog":[1]}})"};
  const auto moved = instances.apply(snapshot.message);
  REQUIRE(moved);
  CHECK(moved->after.status == "FAILED");
  CHECK(moved->after.process_log.empty());
  const Event ping{R"({"type":"ping","timestamp":1})"};
  CHECK_FALSE(instances.apply(ping.message));
  const Event broken{R"({"type":"snapshot","data":{"status":"FAILED"}})"};
  CHECK_FALSE(instances.apply(broken.message));
  CHECK(ids(instances) == std::vector<std::int64_t>{42});
}

TEST_CASE("only so many are kept, without what is not shown, and a gap marks them all") {
  Instances instances(registration_workflow(), 2);
  for (const std::int64_t id : {1, 2, 3}) {
    const Event event = update_event(
        id, final_members("APPROVED", 0, "m") + R"(,"details":{"a":1},"processLog":[1])");
    const auto moved = instances.apply(event.message);
    REQUIRE(moved);
    CHECK(moved->after.details.empty());
    CHECK(moved->after.process_log.empty());
  }
  CHECK(ids(instances) == std::vector<std::int64_t>{3, 2});
  CHECK(instances.moved_count() == 3);
  instances.mark_gap(Gap::lost_history);
  for (const Registration& registration : instances.latest_first()) {
    CHECK(registration.view().has_gap);
  }
}
