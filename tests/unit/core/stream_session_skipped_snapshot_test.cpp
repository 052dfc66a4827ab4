// Unusable snapshots, and what the session requests after them.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/workflow/registration.hpp>

#include "open_session.hpp"

using namespace regstream;
using regstream::test::OpenSession;

namespace {

using Ids = std::vector<InstanceId>;

const std::string update_43 =
    R"({"type":"update","data":{"registrationId":43,"status":"PENDING","id":"7-3"}})";
const std::string snapshot_44 =
    R"({"type":"snapshot","data":{"registrationId":44,"status":"PENDING","id":"7-2"}})";
const std::string no_snapshot = R"({"type":"snapshot","data":{"registrationId":43,"id":"7-2"}})";

/// A session that resumes with 42; 43 and 44 were added before it connected.
struct Resuming : OpenSession {
  Resuming() : OpenSession(registration_workflow(), {42}, StreamEnd::never, "7-2") {
    CHECK(session.follow(Ids{42, 43, 44}, now));
    open();
    CHECK(asked.back().query ==
          "registrationId=42&registrationId=43&registrationId=44&snapshot=43&snapshot=44");
  }
  std::string next_query() {
    reopen();
    return asked.back().query;
  }
};

}  // namespace

TEST_CASE("an unusable snapshot is not requested again and the next update begins a view") {
  Resuming one;
  SECTION("it has no status") {
    CHECK(one.receive("7-2", no_snapshot) == MessageKind::malformed);
  }
  SECTION("it is no JSON") {
    CHECK(one.receive("7-2", R"({"type":"snapshot","data":{)") == MessageKind::malformed);
  }
  SECTION("it is too large") {
    CHECK(one.receive("7-2", std::string(CodecLimits{}.stream_message_bytes_max + 1, ' ')) ==
          MessageKind::too_large);
  }
  CHECK(one.session.resets() == 1);
  CHECK_FALSE(one.session.awaits_snapshot(1));
  CHECK(one.next_query() == "registrationId=42&registrationId=43&registrationId=44&snapshot=44");
  // The next session knows of the gap, and does not request the snapshot either.
  CHECK(one.session.view_to_restore(43)->has_gap);
  CHECK(one.receive("7-3", update_43) == MessageKind::update);
  REQUIRE(one.session.view(43) != nullptr);
  CHECK(one.session.view(43)->has_gap);
}

TEST_CASE("a snapshot after an unusable one is read") {
  Resuming one;
  CHECK(one.receive("7-2", no_snapshot) == MessageKind::malformed);
  CHECK(one.receive("7-2", snapshot_44) == MessageKind::snapshot);
  CHECK(one.session.view(44) != nullptr);
  CHECK(one.next_query() == "registrationId=42&registrationId=43&registrationId=44");
}

TEST_CASE("each unusable message counts as one snapshot until none is left to request") {
  Resuming one;
  CHECK(one.receive("7-2", no_snapshot) == MessageKind::malformed);
  CHECK(one.receive("7-2", no_snapshot) == MessageKind::malformed);
  CHECK(one.receive("7-2", no_snapshot) == MessageKind::malformed);
  CHECK(one.session.resets() == 3);
  CHECK(one.next_query() == "registrationId=42&registrationId=43&registrationId=44");
}

TEST_CASE(
    "a message of the old stream does not count as the snapshot of an id that it did not request") {
  OpenSession one(registration_workflow(), {42}, StreamEnd::never, "7-2");
  one.open();
  CHECK(one.session.follow(Ids{42, 43}, one.now));
  CHECK(one.receive("7-2", "{") == MessageKind::malformed);
  CHECK(one.session.awaits_snapshot(1));
  one.run();
  one.reach_deadline();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43&snapshot=43");
}
