#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>
#include <string>

#include "open_session.hpp"

using namespace regstream;
using regstream::test::OpenSession;

namespace {

const std::string final_update =
    R"({"type":"update","data":{"registrationId":42,"status":"APPROVED","id":"7-3"}})";
const std::string end = R"({"type":"end","id":"7-3","timestamp":9})";

struct EndingSession : OpenSession {
  explicit EndingSession(StreamEnd ends = StreamEnd::final_status,
                         std::string_view last_event_id = {})
      : OpenSession(registration_workflow(), {42}, ends, last_event_id) {
    open();
  }
};

}  // namespace

TEST_CASE("a stream until the final status closes itself after its end") {
  EndingSession one;
  CHECK(one.asked.front().query == "registrationId=42&until=final");
  CHECK(one.receive("7-3", final_update) == MessageKind::update);
  CHECK(one.session.state() == ConnectionState::open);
  const AttemptId attempt = one.asked.front().attempt;
  CHECK(one.receive("7-3-end", end) == MessageKind::end);
  CHECK(one.end_id == EventId{.epoch = 7, .sequence = 3});
  CHECK(one.session.state() == ConnectionState::closed);
  CHECK(one.session.reason() == ConnectionReason::finished);
  CHECK(one.session.last_event_id() == "7-3-end");
  REQUIRE(one.session.view(42) != nullptr);
  CHECK(one.session.view(42)->is_final);
  CHECK(one.session.resets() == 0);
  // The server closes a stream that is closed already: that is no loss.
  CHECK_FALSE(one.session.on_end(attempt, TransportEnd::ended, one.now));
  CHECK_FALSE(one.session.next_deadline());
}

TEST_CASE("nothing comes after an end even if it has arrived with it") {
  EndingSession one;
  const std::string bytes =
      "id: 7-3-end\ndata: " + end + "\n\nid: 7-4\ndata: " + final_update + "\n\n";
  REQUIRE(one.session.on_bytes(one.asked.back().attempt, bytes, one.now));
  const auto message = one.session.poll_message();
  REQUIRE(message);
  CHECK(message->kind == MessageKind::end);
  CHECK(message->last_event_id == "7-3-end");
  CHECK_FALSE(one.session.poll_message());
  CHECK(one.session.last_event_id() == "7-3-end");
}

TEST_CASE("a transport that parses delivers the end as an event") {
  EndingSession one;
  REQUIRE(one.session.on_event(one.asked.back().attempt, end, "7-3-end", one.now));
  CHECK(one.session.poll_message()->kind == MessageKind::end);
  CHECK(one.session.reason() == ConnectionReason::finished);
}

TEST_CASE("a stream that begins after the final update has its view from a snapshot") {
  EndingSession one;
  CHECK(one.receive(
            "7-3",
            R"({"type":"snapshot","data":{"registrationId":42,"status":"FAILED","id":"7-3"}})") ==
        MessageKind::snapshot);
  CHECK(one.receive("7-3-end", end) == MessageKind::end);
  CHECK(one.session.view(42)->status == "FAILED");
}

TEST_CASE("a connection that breaks before the end resumes and one after it is told to stop") {
  EndingSession one;
  CHECK(one.receive("7-3", final_update) == MessageKind::update);
  one.reopen();
  CHECK(one.asked.back().last_event_id == "7-3");
  CHECK(one.asked.back().query == "registrationId=42&until=final");
  CHECK(one.receive("7-3-end", end) == MessageKind::end);

  OpenSession next(registration_workflow(), {42}, StreamEnd::final_status, "7-3-end");
  REQUIRE(next.session.connect(next.now));
  next.run();
  CHECK(next.asked.back().last_event_id == "7-3-end");
  ResponseHead gone;
  gone.status = 204;
  REQUIRE(next.session.on_response(next.asked.back().attempt, gone, next.now));
  CHECK(next.session.reason() == ConnectionReason::told_to_stop);
}

TEST_CASE("an unreadable end is an unreadable message") {
  const std::string broken =
      GENERATE(R"({"type":"end"})", R"({"type":"end","id":null})", R"({"type":"end","id":7})",
               R"({"type":"end","id":"7-3-end"})", R"({"type":"end","id":"7"})");
  CAPTURE(broken);
  EndingSession one;
  CHECK(one.receive("7-3", final_update) == MessageKind::update);
  CHECK(one.receive("7-3-end", broken) == MessageKind::malformed);
  CHECK(one.session.state() == ConnectionState::open);
  CHECK(one.session.view(42)->has_gap);
}

TEST_CASE("an end that was not requested changes nothing") {
  EndingSession one(StreamEnd::never);
  CHECK(one.asked.front().query == "registrationId=42");
  CHECK(one.receive("7-3-end", end) == MessageKind::other);
  CHECK(one.session.state() == ConnectionState::open);
}

TEST_CASE("a final update alone does not end the stream: the server does") {
  EndingSession one;
  CHECK(one.receive("7-3", final_update) == MessageKind::update);
  CHECK(one.session.state() == ConnectionState::open);
  CHECK(one.session.is_connected());
}

TEST_CASE("a stream that ends follows exactly one instance and may change it") {
  CHECK_FALSE(can_ask({}, registration_workflow(), StreamEnd::final_status));
  EndingSession one;
  CHECK_FALSE(one.session.follow(std::vector<InstanceId>{42, 43}, one.now));
  CHECK(one.session.follow(std::vector<InstanceId>{43}, one.now));
  one.reach_deadline();
  CHECK(one.asked.back().query == "registrationId=43&until=final");
}
