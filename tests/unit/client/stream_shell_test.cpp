// A client after exceptions: its handler's, and those of memory that runs out.
#include <array>
#include <cstdint>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/client/stream_client.hpp>
#include <regstream/session/stream_session.hpp>

#include "client_bench.hpp"
#include "failing_allocation.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;

TEST_CASE("an exception of a handler leaves the loop and the client goes on without a loss") {
  Bench bench{{{.pieces = {stream_header + ":c\nid: 1\ndata: a\n\nretry: 20\nid: 2\ndata: b\n\n"}},
               {.pieces = {stream_header + "id: 3\ndata: c\n\n"}, .then = Then::hold}}};
  int thrown = 0;
  const auto fail = [&thrown] {
    ++thrown;
    throw std::runtime_error("the handler's");
  };
  bench.recorder.on_each_event = fail;
  bench.recorder.on_each_comment = fail;
  bench.recorder.on_each_retry = fail;
  bench.recorder.on_each_state = [&fail](ConnectionState) { fail(); };
  int left = 0;
  bench.connect();
  while (left < 10) {  // States: connecting, open, waiting, connecting, open. And what was heard.
    try {
      static_cast<void>(run_until(bench.context, [] { return false; }));
      break;  // No exception leaves it after that.
    } catch (const std::runtime_error& error) {
      CHECK(error.what() == std::string("the handler's"));
      ++left;
    }
  }
  CHECK(thrown == 10);
  CHECK(left == 10);
  CHECK(bench.recorder.events ==
        std::vector<std::string>{"message|a|1", "message|b|2", "message|c|3"});
  CHECK(has(bench.server.requests.back(), "\r\nLast-Event-ID: 2\r\n"));
  CHECK(bench.client->state() == ConnectionState::open);
}

TEST_CASE("a message without memory for it counts as missed") {
  const std::string bytes =
      "id: 1-1\n"
      R"(data: {"type":"update","data":{"registrationId":42,"status":"PENDING","stage":"t24_lookup",)"
      R"("stageStatus":"completed","message":"A message that is longer than a short string",)"
      R"("details":{"accounts":5},"timestamp":10,"id":"1-1"}})"
      "\n\n";
  int failures = 0;
  for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
    CAPTURE(failures);
    StreamSession session{{}, 1, std::array{std::int64_t{42}}};
    REQUIRE(session.connect({}));
    AttemptId attempt{};
    while (const auto action = session.poll_action()) {
      if (const auto* const open = std::get_if<OpenTransport>(&*action)) {
        attempt = open->attempt;
      }
    }
    REQUIRE(session.on_response(attempt,
                                {.status = 200, .is_event_stream = true, .retry_after = {}}, {}));
    REQUIRE(session.on_bytes(attempt, bytes, {}));
    bool is_heard = false;
    fail_allocation_after(failures);
    try {
      is_heard = session.poll_message().has_value();
    } catch (const std::bad_alloc&) {
    }
    has_failed = end_failing_allocation();
    CHECK(is_heard != has_failed);
    // Either the id to resume from is before it, or it is said.
    CHECK((is_heard || session.last_event_id().empty() || session.resets() == 1));
    CHECK(session.view_to_restore(42)->has_gap == (session.resets() == 1));
  }
  CHECK(failures > 3);
}
