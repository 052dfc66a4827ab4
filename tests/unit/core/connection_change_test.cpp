#include <catch2/catch.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;
using regstream::test::without_jitter;

namespace {

constexpr Duration frame{16};

ConnectionOptions with_token() {
  ConnectionOptions options = without_jitter();
  options.needs_token = true;
  return options;
}

void change(Driver& driver) {
  driver.connection.change(driver.now);
  driver.run();
}

/// A stream that has been open for some seconds, so that no change comes soon after its attempt.
void open_for_a_while(Driver& driver) {
  driver.connect();
  driver.accept();
  driver.advance(Duration{5000});
  driver.connection.on_activity(*driver.transport, driver.now);
}

}  // namespace

TEST_CASE("changes within one frame replace the open stream once and it stays connected") {
  Driver driver{without_jitter()};
  open_for_a_while(driver);
  driver.connection.on_event_id(*driver.transport, "7-1");
  driver.changes.clear();
  change(driver);
  driver.advance(frame / 2);
  change(driver);
  driver.handle_deadline();
  CHECK(driver.opened == 1);
  CHECK(driver.reach_deadline() == frame / 2);
  CHECK(driver.opened == 2);
  CHECK(driver.sent_last_event_id == "7-1");
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::changed);
  CHECK(driver.connection.is_connected());
  driver.accept();
  CHECK(driver.connection.is_connected());
  REQUIRE(driver.changes.size() == 2);
  CHECK(driver.changes[0].is_connected);
  CHECK(driver.changes[1].is_connected);
  CHECK(driver.changes[1].to == ConnectionState::open);
  driver.advance(Duration{1000});
  driver.handle_deadline();
  CHECK(driver.opened == 2);
}

TEST_CASE("a stream that is to be replaced goes on until the frame is over") {
  Driver driver{without_jitter()};
  open_for_a_while(driver);
  change(driver);
  CHECK(driver.connection.state() == ConnectionState::open);
  CHECK(driver.connection.on_activity(*driver.transport, driver.now));
  CHECK(driver.connection.on_event_id(*driver.transport, "7-2"));
  driver.reach_deadline();
  CHECK(driver.sent_last_event_id == "7-2");
}

TEST_CASE("a replacement that fails is a lost connection and waits like one") {
  Driver driver{without_jitter()};
  open_for_a_while(driver);
  change(driver);
  driver.reach_deadline();
  driver.changes.clear();
  SECTION("refused, with a delay") {
    driver.respond(503, false, Duration{20'000});
    CHECK(*driver.connection.next_deadline() - driver.now == Duration{20'000});
  }
  SECTION("no connection") {
    driver.end(TransportEnd::failed);
    CHECK(*driver.connection.next_deadline() - driver.now == Duration{1000});
  }
  SECTION("no answer") {
    CHECK(driver.reach_deadline() == ConnectionOptions{}.connect_timeout);
  }
  SECTION("for good") {
    driver.respond(404);
    CHECK(driver.connection.state() == ConnectionState::closed);
  }
  CHECK_FALSE(driver.connection.is_connected());
  REQUIRE(driver.changes.size() == 1);
  CHECK_FALSE(driver.changes[0].is_connected);
}

TEST_CASE("a change during an attempt replaces the attempt without a failure") {
  Driver driver;
  driver.connect();
  driver.advance(Duration{5});
  change(driver);
  change(driver);
  CHECK(driver.reach_deadline() == frame);
  CHECK(driver.opened == 2);
  CHECK_FALSE(driver.connection.is_connected());
  SECTION("the backoff has not begun") {
    Driver other;
    other.connect();
    other.end(TransportEnd::failed);
    driver.end(TransportEnd::failed);
    CHECK(driver.reach_deadline() == other.reach_deadline());
  }
  SECTION("the server accepts") {
    driver.accept();
    CHECK(driver.connection.is_connected());
  }
}

TEST_CASE("an attempt that opens within the frame of a change is replaced after it") {
  Driver driver{without_jitter()};
  driver.connect();
  change(driver);
  driver.advance(frame / 2);
  driver.accept();
  CHECK(driver.reach_deadline() == frame / 2);
  CHECK(driver.opened == 2);
  CHECK(driver.connection.is_connected());
}

TEST_CASE("a change shortens no wait") {
  Driver driver{without_jitter()};
  driver.connect();
  SECTION("of the server") {
    driver.respond(429, false, Duration{30'000});
  }
  SECTION("of the backoff") {
    driver.end(TransportEnd::failed);
  }
  SECTION("while offline") {
    driver.end(TransportEnd::failed);
    driver.offline();
  }
  SECTION("that begins within the frame") {
    change(driver);
    driver.end(TransportEnd::failed);
  }
  const Instant due = *driver.connection.next_deadline();
  CHECK(due - driver.now >= Duration{1000});
  change(driver);
  CHECK(driver.connection.next_deadline() == due);
  driver.advance(frame);
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::waiting);
  driver.reach_deadline();
  CHECK(driver.opened == 2);
  driver.advance(frame * 4);
  driver.handle_deadline();
  CHECK(driver.opened == 2);
}

TEST_CASE("a change before connect or after close does nothing") {
  Driver driver{without_jitter()};
  change(driver);
  CHECK_FALSE(driver.connection.next_deadline());
  driver.connect();
  CHECK(driver.opened == 1);
  driver.close();
  change(driver);
  CHECK_FALSE(driver.connection.next_deadline());
}

TEST_CASE("an attempt that its caller has not polled yet needs no replacement") {
  Driver driver{without_jitter()};
  driver.connection.connect(driver.now);
  driver.connection.change(driver.now);
  driver.run();
  CHECK(driver.opened == 1);
  CHECK(*driver.connection.next_deadline() - driver.now == ConnectionOptions{}.connect_timeout);
}

TEST_CASE("an attempt that waits for its token requests the newest ids when the token arrives") {
  Driver driver{with_token()};
  driver.connect();
  change(driver);
  driver.advance(frame * 4);
  driver.handle_deadline();
  CHECK(driver.token_requests == 1);
  driver.give_token();
  CHECK(driver.opened == 1);
}

TEST_CASE("with tokens a replacement requests a token and a fresh one after a 401") {
  Driver driver{with_token()};
  driver.connect();
  driver.give_token();
  driver.accept();
  driver.advance(Duration{5000});
  change(driver);
  driver.reach_deadline();
  CHECK(driver.connection.state() == ConnectionState::authorizing);
  CHECK(driver.token_requests == 2);
  CHECK_FALSE(driver.token_request->is_refused);
  CHECK(driver.connection.is_connected());
  driver.give_token();
  CHECK(driver.connection.is_connected());
  driver.respond(401);
  CHECK(driver.token_request->is_refused);
  CHECK(driver.connection.is_connected());
  driver.fail_token(TokenFailure::may_pass);
  CHECK_FALSE(driver.connection.is_connected());
}

TEST_CASE("changes without a pause are collected for longer and longer up to a second") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  Duration gathered[8];
  for (Duration& one : gathered) {
    change(driver);
    one = driver.reach_deadline();
    driver.accept();
  }
  CHECK(gathered[0] == Duration{16});
  CHECK(gathered[1] == Duration{32});
  CHECK(gathered[5] == Duration{512});
  CHECK(gathered[6] == Duration{1000});
  CHECK(gathered[7] == Duration{1000});
}

TEST_CASE("after a pause the next change is collected for one frame again") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  for (int round = 0; round < 4; ++round) {
    change(driver);
    driver.reach_deadline();
    driver.accept();
  }
  driver.advance(Duration{1000});
  change(driver);
  CHECK(driver.reach_deadline() == frame);
}

TEST_CASE("a dead server is noticed however often the ids change") {
  const bool needs_token = GENERATE(false, true);
  Driver driver{needs_token ? with_token() : without_jitter()};
  driver.connect();
  if (needs_token) {
    driver.give_token();
  }
  driver.accept();
  driver.advance(Duration{5000});
  change(driver);
  driver.reach_deadline();
  const Instant begun = driver.now;
  for (int round = 0; round < 100 && driver.connection.is_connected(); ++round) {
    if (driver.connection.state() == ConnectionState::authorizing) {
      driver.give_token();
    }
    change(driver);
    driver.reach_deadline();
  }
  CHECK_FALSE(driver.connection.is_connected());
  CHECK(driver.now - begun <= Duration{30'000});
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.reason() == ConnectionReason::timed_out);
}

TEST_CASE("a restart gives the stream up while a change does not") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  CHECK(driver.connection.is_connected());
  driver.restart();
  CHECK_FALSE(driver.connection.is_connected());
  driver.accept();
  CHECK(driver.connection.is_connected());
  driver.close();
  CHECK_FALSE(driver.connection.is_connected());
}

TEST_CASE("a finished stream is closed for good and reports of its transport are stale") {
  Driver driver{without_jitter()};
  driver.connect();
  CHECK_FALSE(driver.connection.on_finished(*driver.transport));  // It is not open.
  driver.accept();
  const AttemptId attempt = *driver.transport;
  CHECK_FALSE(driver.connection.on_finished(AttemptId{static_cast<std::uint32_t>(attempt) + 1}));
  CHECK(driver.connection.on_finished(attempt));
  driver.run();
  CHECK_FALSE(driver.transport);
  CHECK(driver.connection.state() == ConnectionState::closed);
  CHECK(driver.connection.reason() == ConnectionReason::finished);
  CHECK(outlook(driver.connection.reason()) == Outlook::good);
  CHECK_FALSE(driver.connection.is_connected());
  CHECK_FALSE(driver.connection.on_end(attempt, TransportEnd::ended, driver.now));
  CHECK_FALSE(driver.connection.next_deadline());
}

TEST_CASE("a change delay of any length does not overflow") {
  ConnectionOptions options = without_jitter();
  options.change_delay = GENERATE(Duration::max(), Duration::min(), Duration{0}, Duration{5000});
  options.wake_spacing_min = GENERATE(Duration::max(), Duration::min(), Duration{0});
  Driver driver{options};
  driver.connect();
  driver.accept();
  for (int round = 0; round < 3; ++round) {
    change(driver);
    driver.handle_deadline();
    if (driver.connection.state() == ConnectionState::connecting) {
      driver.accept();
    }
  }
  CHECK(driver.connection.is_connected());
}

TEST_CASE("a machine that slept through a change gives up an attempt and replaces an open stream") {
  Driver driver{without_jitter()};
  driver.connect();
  SECTION("an attempt") {
    change(driver);
    driver.advance(Duration{3'600'000});
    driver.handle_deadline();
    CHECK(driver.connection.state() == ConnectionState::waiting);
  }
  SECTION("a stream") {
    driver.accept();
    change(driver);
    driver.advance(Duration{3'600'000});
    driver.handle_deadline();
    CHECK(driver.connection.state() == ConnectionState::connecting);
    CHECK(driver.connection.is_connected());
  }
  CHECK(*driver.connection.next_deadline() > driver.now);
}
