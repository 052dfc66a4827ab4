#include <catch2/catch.hpp>
#include <cstdint>
#include <regstream/workflow/registration.hpp>
#include <string>
#include <vector>

#include "open_session.hpp"

using namespace regstream;
using regstream::test::OpenSession;

namespace {

using Ids = std::vector<InstanceId>;

const std::string connected = R"({"type":"connected"})";

std::string data_of(std::int64_t id, std::string_view event_id) {
  return R"({"registrationId":)" + std::to_string(id) + R"(,"status":"PENDING","id":")" +
         std::string(event_id) + R"("}})";
}

std::string update(std::int64_t id, std::string_view event_id) {
  return R"({"type":"update","data":)" + data_of(id, event_id);
}

std::string snapshot(std::int64_t id, std::string_view event_id) {
  return R"({"type":"snapshot","data":)" + data_of(id, event_id);
}

/// A session that has followed 41 and 42 for some seconds, and knows both.
struct Following : OpenSession {
  Following() : OpenSession(registration_workflow(), {41, 42}) {
    open();
    CHECK(receive("0-0", connected) == MessageKind::connected);
    CHECK(receive("0-0", snapshot(41, "7-1")) == MessageKind::snapshot);
    CHECK(receive("7-2", snapshot(42, "7-2")) == MessageKind::snapshot);
    now += Duration{5000};
  }
  bool follow(const Ids& ids) {
    const bool is_accepted = session.follow(ids, now);
    run();
    return is_accepted;
  }
};

Workflow imports() {
  Workflow workflow;
  workflow.name = "import";
  workflow.id_member = "batch";
  workflow.id_kind = IdKind::text;
  workflow.statuses = {{.name = "RUNNING", .kind = StatusKind::open},
                       {.name = "DONE", .kind = StatusKind::final}};
  workflow.stage_update_status = "RUNNING";
  return workflow;
}

}  // namespace

TEST_CASE("a request names every followed id and no id if every instance is followed") {
  Following some;
  CHECK(some.asked.front().query == "registrationId=41&registrationId=42");
  OpenSession all(registration_workflow(), {});
  all.open();
  CHECK(all.asked.front().query.empty());
}

TEST_CASE("ids that change within a frame are requested once and the stream is not lost") {
  Following one;
  one.changes.clear();
  CHECK(one.follow({41, 42, 43}));
  one.now += Duration{10};
  CHECK(one.follow({42, 43}));
  one.session.handle_deadline(one.now);
  one.run();
  CHECK(one.asked.size() == 1);
  one.reach_deadline();
  one.accept();
  REQUIRE(one.asked.size() == 2);
  CHECK(one.asked[1].query == "registrationId=42&registrationId=43&snapshot=43");
  CHECK(one.asked[1].last_event_id == "7-2");
  REQUIRE(one.changes.size() == 2);
  CHECK(one.changes[0].is_connected);
  CHECK(one.changes[1].is_connected);
  CHECK(one.session.resets() == 0);
}

TEST_CASE("the snapshot of an id is requested until the snapshot or a first update has arrived") {
  Following one;
  CHECK(one.follow({42, 43}));
  one.reach_deadline();
  one.accept();
  one.reopen();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43&snapshot=43");
  // For the other ids it changes nothing.
  CHECK(one.receive("7-3", update(42, "7-3")) == MessageKind::update);
  one.reopen();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43&snapshot=43");
  SECTION("the snapshot") {
    CHECK(one.receive("7-3", snapshot(43, "7-2")) == MessageKind::snapshot);
  }
  SECTION("an update, as the server knew nothing of it") {
    CHECK(one.receive("7-4", update(43, "7-4")) == MessageKind::update);
  }
  one.reopen();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43");
}

TEST_CASE("without a cursor no snapshot is requested because every id gets one") {
  OpenSession one(registration_workflow(), {42});
  one.open();
  CHECK(one.session.follow(Ids{42, 43}, one.now));
  one.reach_deadline();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43");
}

TEST_CASE(
    "ids that an earlier session's cursor covers are resumed whether or not their views were "
    "restored") {
  OpenSession one(registration_workflow(), {41, 42}, StreamEnd::never, "7-2");
  CHECK(one.session.follow(Ids{41, 42, 43}, one.now));  // Before it connects.
  one.open();
  CHECK(one.asked.size() == 1);
  CHECK(one.asked[0].query == "registrationId=41&registrationId=42&registrationId=43&snapshot=43");
}

TEST_CASE("an id that leaves loses its view and is new when it comes back") {
  Following one;
  CHECK(one.follow({42}));
  CHECK(one.session.view(41) == nullptr);
  CHECK(one.session.view(42) != nullptr);
  // The open stream delivers it.
  CHECK(one.receive("7-3", update(41, "7-3")) == MessageKind::other);
  CHECK(one.follow({42, 41}));
  one.reach_deadline();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=41&snapshot=41");
  CHECK(one.session.view(41) == nullptr);
}

TEST_CASE("what the old stream sends about an id that left and came back does not begin its view") {
  Following one;
  CHECK(one.follow({42}));
  CHECK(one.follow({41, 42}));
  CHECK(one.session.awaits_snapshot(0));
  SECTION("an update") {
    CHECK(one.receive("7-3", update(41, "7-3")) == MessageKind::other);
  }
  SECTION("a snapshot") {
    CHECK(one.receive("7-3", snapshot(41, "7-3")) == MessageKind::other);
  }
  CHECK(one.session.view(41) == nullptr);
  one.reach_deadline();
  one.accept();
  CHECK(one.asked.back().query == "registrationId=41&registrationId=42&snapshot=41");
  CHECK(one.asked.back().last_event_id == "7-3");
  CHECK(one.receive("7-3", snapshot(41, "7-3")) == MessageKind::snapshot);
  CHECK_FALSE(one.session.awaits_snapshot(0));
  CHECK(one.session.view(41)->id == parse_event_id("7-3"));
}

TEST_CASE("an id that is added before its attempt opens is requested by that attempt") {
  OpenSession one(registration_workflow(), {42}, {}, "7-2");
  CHECK(one.session.follow(Ids{41, 42}, one.now));
  one.open();
  CHECK(one.asked.back().query == "registrationId=41&registrationId=42&snapshot=41");
  CHECK(one.receive("7-3", update(41, "7-3")) == MessageKind::update);
}

TEST_CASE("ids that stay keep their views in whatever order they are named") {
  Following one;
  CHECK(one.follow({43, 42, 41}));
  REQUIRE(one.session.view(41) != nullptr);
  CHECK(to_string(*one.session.view(41)->id) == "7-1");
  CHECK(to_string(*one.session.view(42)->id) == "7-2");
}

TEST_CASE("following the same ids again changes nothing") {
  Following one;
  const auto deadline = one.session.next_deadline();
  CHECK(one.follow({42, 41}));
  CHECK(one.follow({41, 42, 42}));
  CHECK(one.session.next_deadline() == deadline);
}

TEST_CASE("ids that one stream can't follow are refused and change nothing") {
  Following one;
  Ids many;
  for (std::int64_t id = 1; id <= 101; ++id) {
    many.emplace_back(id);
  }
  const auto deadline = one.session.next_deadline();
  CHECK_FALSE(one.follow(many));
  CHECK_FALSE(one.follow({}));
  CHECK_FALSE(one.follow({0}));
  CHECK_FALSE(one.follow({integer_id_max + 1}));
  CHECK_FALSE(one.follow({InstanceId("text")}));
  CHECK(one.session.next_deadline() == deadline);
  CHECK(one.session.view(41) != nullptr);
  many.pop_back();
  CHECK(one.follow(many));

  OpenSession all(registration_workflow(), {});
  CHECK_FALSE(all.session.follow(Ids{42}, all.now));
}

TEST_CASE("a hundred ids of any size and text ids up to a total length fit into a request") {
  Ids numbers;
  Ids texts;
  const Workflow workflow = imports();
  for (std::int64_t index = 0; index < 100; ++index) {
    numbers.emplace_back(integer_id_max - index);
    texts.emplace_back(std::string(11, 'x') + std::to_string(index));
  }
  CHECK(can_ask(numbers, registration_workflow()));
  CHECK(can_ask(texts, workflow));
  texts[7] = InstanceId(std::string(128, 'x'));
  CHECK(can_ask(texts, workflow));
  for (InstanceId& text : texts) {
    text.text = "ደ" + text.text;  // Three bytes are nine once they are encoded.
  }
  CHECK_FALSE(can_ask(texts, workflow));
}

TEST_CASE("text ids are percent-encoded and their messages find their views") {
  const Workflow workflow = imports();
  OpenSession one(workflow, {InstanceId("a&b=ü/+ ~"), InstanceId("c")});
  one.open();
  CHECK(one.asked[0].query == "batch=a%26b%3D%C3%BC%2F%2B%20~&batch=c");
  const std::string of = R"({"type":"update","data":{"status":"RUNNING","id":"7-1","batch":)";
  CHECK(one.receive("7-1", of + R"("a&b=\u00fc/+ ~"}})") == MessageKind::update);
  REQUIRE(one.session.view(InstanceId("a&b=ü/+ ~")) != nullptr);
  CHECK(one.session.view(InstanceId("c")) == nullptr);
  CHECK(one.session.view(InstanceId("d")) == nullptr);
  CHECK(one.receive("7-2", of + R"("d"}})") == MessageKind::other);
}

TEST_CASE("an update that the snapshot already contains is not announced") {
  Following one;
  CHECK(one.follow({42, 43}));
  one.reach_deadline();
  one.accept();
  CHECK(one.receive("7-2", snapshot(43, "7-5")) == MessageKind::snapshot);
  CHECK(one.receive("7-3", update(43, "7-3")) == MessageKind::other);
  CHECK_FALSE(one.view_changed);
  CHECK(one.receive("7-4", update(42, "7-4")) == MessageKind::update);
  CHECK(one.receive("7-5", update(43, "7-5")) == MessageKind::other);
  CHECK(one.receive("7-6", update(43, "7-6")) == MessageKind::update);
  CHECK(one.session.last_event_id() == "7-6");
}

TEST_CASE("after a reset an update is announced whatever its id") {
  Following one;
  CHECK(one.receive("0-0", R"({"type":"reset"})") == MessageKind::reset);
  CHECK(one.receive("3-1", update(42, "3-1")) == MessageKind::update);
}

TEST_CASE("a change of ids shortens no wait and is requested after it") {
  Following one;
  REQUIRE(one.session.on_end(one.asked.back().attempt, TransportEnd::failed, one.now));
  one.run();
  const auto deadline = one.session.next_deadline();
  CHECK(one.follow({42, 43}));
  CHECK(one.session.next_deadline() == deadline);
  one.reach_deadline();
  CHECK(one.asked.back().query == "registrationId=42&registrationId=43&snapshot=43");
}

TEST_CASE("a session reports which views have changed since the last call") {
  Following one;
  REQUIRE(one.session.followed_count() == 2);
  CHECK(one.session.consume_view_change(0));
  CHECK(one.session.consume_view_change(1));
  CHECK_FALSE(one.session.consume_view_change(1));
  CHECK(one.receive("7-3", update(42, "7-3")) == MessageKind::update);
  CHECK_FALSE(one.session.consume_view_change(1));  // The update says nothing new.
  const std::string failed =
      R"({"type":"update","data":{"registrationId":42,"status":"FAILED","id":"7-4"}})";
  CHECK(one.receive("7-4", failed) == MessageKind::update);
  CHECK_FALSE(one.session.consume_view_change(0));
  CHECK(one.session.consume_view_change(1));
}
