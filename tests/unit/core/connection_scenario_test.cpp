#include <catch2/catch.hpp>
#include <string>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;
using regstream::test::without_jitter;

namespace {

/// Every delay above the floor is at most base * 2^n, so a long base shows which n it is.
constexpr Duration base{1000};

}  // namespace

TEST_CASE(
    "after a stream that the server ended the client reconnects after the reconnection time") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  driver.advance(Duration{100});
  driver.end(TransportEnd::ended);
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.reason() == ConnectionReason::ended);
  CHECK(driver.reach_deadline() == Duration{1000});
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::retry_due);
  CHECK(driver.opened == 2);
}

TEST_CASE("the server's retry becomes the floor of every later wait") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  driver.connection.on_retry(*driver.transport, Duration{3000});
  for (int round = 0; round < 3; ++round) {
    driver.end(TransportEnd::ended);
    CHECK(driver.reach_deadline() == Duration{3000});
    driver.accept();
  }
}

TEST_CASE("an absurd retry is bounded and a negative one counts as zero") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  driver.connection.on_retry(*driver.transport, Duration::max());
  driver.end(TransportEnd::ended);
  CHECK(driver.reach_deadline() == Duration{300'000});
  driver.connection.on_retry(*driver.transport, Duration{-5});
  driver.end(TransportEnd::failed);
  CHECK(driver.reach_deadline() == Duration{0});
}

TEST_CASE("Retry-After is the floor of only one wait") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.respond(503, false, Duration{20'000});
  CHECK(driver.reach_deadline() == Duration{20'000});
  driver.respond(429);
  CHECK(driver.reach_deadline() == Duration{1000});
  driver.respond(429, false, Duration::max());
  CHECK(driver.reach_deadline() == Duration{300'000});
}

TEST_CASE("waits grow up to the cap while attempts fail") {
  Duration longest{0};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    ConnectionOptions options;
    options.backoff = {.base = base, .cap = Duration{10'000}};
    Driver driver{options, seed};
    driver.connect();
    for (int attempt = 0; attempt < 20; ++attempt) {
      driver.end(TransportEnd::failed);
      const Duration wait = driver.reach_deadline();
      CHECK(wait >= Duration{1000});
      CHECK(wait <= Duration{11'000});
      longest = std::max(longest, wait);
    }
  }
  CHECK(longest > Duration{10'000});
}

TEST_CASE("a stream that opens and drops at once does not reset the backoff") {
  Duration longest{0};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Driver driver{{}, seed};
    driver.connect();
    for (int round = 0; round < 10; ++round) {
      driver.accept();
      driver.advance(Duration{9'999});
      driver.end(TransportEnd::failed);
      longest = std::max(longest, driver.reach_deadline());
    }
  }
  CHECK(longest > Duration{5000});
}

TEST_CASE("a stream that was stable resets the backoff") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Driver driver{{}, seed};
    driver.connect();
    for (int attempt = 0; attempt < 10; ++attempt) {
      driver.end(TransportEnd::failed);
      driver.reach_deadline();
    }
    driver.accept();
    driver.advance(Duration{10'000});
    driver.end(TransportEnd::failed);
    CHECK(driver.reach_deadline() <= Duration{1000} + base);
  }
}

TEST_CASE("an attempt without a response times out") {
  Driver driver;
  driver.connect();
  CHECK(driver.reach_deadline() == Duration{15'000});
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  CHECK_FALSE(driver.transport.has_value());
}

TEST_CASE("a silent stream is given up and any byte postpones that") {
  Driver driver;
  driver.connect();
  driver.accept();
  driver.advance(Duration{74'999});
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::open);
  driver.connection.on_activity(*driver.transport, driver.now);
  CHECK(driver.reach_deadline() == Duration{75'000});
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.reason() == ConnectionReason::silent);
}

TEST_CASE("a deadline may be handled late but not early") {
  Driver driver;
  driver.connect();
  driver.advance(Duration{14'999});
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  driver.advance(Duration{8 * 3'600'000});
  driver.handle_deadline();
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
  driver.advance(Duration{8 * 3'600'000});
  driver.handle_deadline();
  CHECK(driver.connection.reason() == ConnectionReason::retry_due);
}

TEST_CASE("a reconnect carries the last event ID") {
  Driver driver;
  driver.connect();
  CHECK(driver.sent_last_event_id.empty());
  driver.accept();
  driver.connection.on_event_id(*driver.transport, "1702493000000-7");
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK(driver.sent_last_event_id == "1702493000000-7");
  driver.accept();
  driver.connection.on_event_id(*driver.transport, "");
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK(driver.sent_last_event_id.empty());
}

TEST_CASE("the first attempt carries the id that an earlier stream left") {
  const auto first_id = [](std::string_view last_event_id) {
    Connection connection{ConnectionOptions{}, 1, last_event_id};
    connection.connect(Instant{});
    while (const auto action = connection.poll_action()) {
      if (const auto* open = std::get_if<OpenTransport>(&*action)) {
        return std::string(open->last_event_id);
      }
    }
    return std::string("no attempt");
  };
  CHECK(first_id("1702493000000-7") == "1702493000000-7");
  CHECK(first_id({}).empty());
  CHECK(first_id(std::string(4096, 'x')).size() == 4096);
  CHECK(first_id(std::string(4097, 'x')).empty());
}

TEST_CASE("an id that is too long for a header is refused") {
  Driver driver;
  driver.connect();
  driver.accept();
  CHECK(driver.connection.on_event_id(*driver.transport, "good"));
  CHECK_FALSE(driver.connection.on_event_id(*driver.transport, std::string(4097, 'x')));
  driver.end(TransportEnd::failed);
  driver.reach_deadline();
  CHECK(driver.sent_last_event_id == "good");
}

TEST_CASE("only the first response to the current attempt is accepted") {
  Driver driver{without_jitter()};
  driver.connect();
  const ResponseHead accepting{.status = 200, .is_event_stream = true, .retry_after = {}};
  const ResponseHead busy{.status = 503, .retry_after = {}};
  const AttemptId first = *driver.transport;
  CHECK(driver.connection.on_response(first, busy, driver.now));
  CHECK_FALSE(driver.connection.on_response(first, accepting, driver.now));
  driver.run();
  driver.reach_deadline();
  const AttemptId second = *driver.transport;
  CHECK_FALSE(driver.connection.on_response(first, accepting, driver.now));
  CHECK(driver.connection.on_activity(second, driver.now));
  CHECK(driver.connection.on_response(second, accepting, driver.now));
  // The stream is open: neither a late response nor a second one reopens it.
  CHECK_FALSE(driver.connection.on_response(first, accepting, driver.now));
  CHECK_FALSE(driver.connection.on_response(second, accepting, driver.now));
  CHECK(driver.connection.on_activity(second, driver.now));
  CHECK_FALSE(driver.connection.on_activity(first, driver.now));
}

TEST_CASE("every report of an earlier attempt is refused") {
  Driver driver{without_jitter()};
  driver.connect();
  const AttemptId stale = *driver.transport;
  driver.end(TransportEnd::failed);
  const auto report_everything = [&] {
    Connection& connection = driver.connection;
    ResponseHead stop;
    stop.status = 204;
    CHECK_FALSE(connection.on_response(stale, stop, driver.now));
    CHECK_FALSE(connection.on_token(stale, driver.now));
    CHECK_FALSE(connection.on_token_failed(stale, TokenFailure::for_good, driver.now));
    CHECK_FALSE(connection.on_activity(stale, driver.now));
    CHECK_FALSE(connection.on_comment(stale, " heartbeat 10000"));
    CHECK_FALSE(connection.on_event_id(stale, "stale"));
    CHECK_FALSE(connection.on_retry(stale, Duration{77}));
    CHECK_FALSE(connection.on_end(stale, TransportEnd::failed, driver.now));
    driver.run();
  };
  report_everything();
  CHECK(driver.connection.state() == ConnectionState::waiting);

  driver.reach_deadline();
  REQUIRE(*driver.transport != stale);
  report_everything();
  CHECK(driver.connection.state() == ConnectionState::connecting);

  driver.accept();
  report_everything();
  CHECK(driver.connection.state() == ConnectionState::open);

  driver.end(TransportEnd::ended);
  CHECK(driver.reach_deadline() == Duration{1000});
  CHECK(driver.sent_last_event_id.empty());
}

TEST_CASE("closing is for good") {
  Driver driver;
  driver.connect();
  driver.accept();
  const AttemptId last = *driver.transport;
  driver.close();
  CHECK_FALSE(driver.transport.has_value());
  CHECK(driver.connection.reason() == ConnectionReason::requested);
  driver.connect();
  driver.restart();
  driver.online();
  driver.offline();
  driver.look();
  driver.restore();
  driver.close();
  driver.connection.on_end(last, TransportEnd::ended, driver.now);
  driver.advance(Duration{1'000'000});
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.opened == 1);
  CHECK(driver.changes.size() == 3);
}

TEST_CASE("204 closes for good") {
  Driver driver;
  driver.connect();
  driver.respond(204);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::told_to_stop);
  CHECK_FALSE(driver.transport.has_value());
}

TEST_CASE("a second response to one attempt changes nothing") {
  Driver driver;
  driver.connect();
  driver.accept();
  driver.respond(500);
  driver.respond(204);
  CHECK(driver.connection.state() == ConnectionState::open);
}

TEST_CASE(
    "actions come in order: close the old transport then report the state then open the new one") {
  Connection connection{without_jitter(), 1};
  connection.connect(Instant{});
  auto action = connection.poll_action();
  REQUIRE(action.has_value());
  CHECK(std::holds_alternative<StateChanged>(*action));
  action = connection.poll_action();
  REQUIRE(action.has_value());
  REQUIRE(std::holds_alternative<OpenTransport>(*action));
  const AttemptId attempt = std::get<OpenTransport>(*action).attempt;
  CHECK_FALSE(connection.poll_action().has_value());

  connection.on_end(attempt, TransportEnd::failed, Instant{});
  action = connection.poll_action();
  REQUIRE(action.has_value());
  CHECK(std::holds_alternative<CloseTransport>(*action));
  action = connection.poll_action();
  REQUIRE(action.has_value());
  CHECK(std::holds_alternative<StateChanged>(*action));
  CHECK_FALSE(connection.poll_action().has_value());
}

TEST_CASE("a caller that forgets to poll finds few actions and they lead to the current state") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  const AttemptId opened = *driver.transport;
  driver.changes.clear();
  driver.connection.on_end(opened, TransportEnd::ended, driver.now);
  for (int round = 0; round < 1001; ++round) {
    driver.now = *driver.connection.next_deadline();
    driver.connection.handle_deadline(driver.now);
  }
  driver.run();  // Checks that the first transport is closed before another one opens.
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.transport.has_value());
  CHECK(driver.opened == 2);
  CHECK(driver.changes.size() <= 4);
  CHECK(driver.changes.front().from == ConnectionState::open);
  CHECK(driver.changes.back().to == ConnectionState::connecting);
}

TEST_CASE("an attempt that ended before its caller polled is never opened") {
  for (const bool needs_token : {false, true}) {
    for (const bool is_closed : {false, true}) {
      ConnectionOptions options;
      options.needs_token = needs_token;
      Driver driver{options};
      driver.connection.connect(driver.now);
      if (is_closed) {
        driver.connection.close(driver.now);
      } else {
        driver.now = *driver.connection.next_deadline();
        driver.connection.handle_deadline(driver.now);
      }
      driver.run();
      CHECK(driver.opened == 0);
      CHECK(driver.token_requests == 0);
      CHECK(driver.changes.size() == 2);
    }
  }
}
