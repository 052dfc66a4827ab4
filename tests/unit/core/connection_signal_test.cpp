#include <catch2/catch.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;
using regstream::test::without_jitter;

namespace {

/// Delays of hours, so that only a signal can end a wait within a test's time.
ConnectionOptions with_long_waits() {
  ConnectionOptions options;
  options.backoff = {.base = Duration{3'600'000'000}, .cap = Duration{3'600'000'000}};
  return options;
}

using Signal = void (Driver::*)();
constexpr Signal waking_signals[] = {&Driver::online, &Driver::look, &Driver::restore};

}  // namespace

TEST_CASE("online, visible and restored end a wait at once where the last attempt is long ago") {
  for (const Signal signal : waking_signals) {
    Driver driver{with_long_waits()};
    driver.connect();
    driver.advance(Duration{1000});
    driver.end(TransportEnd::failed);
    (driver.*signal)();
    CHECK(driver.connection.state() == ConnectionState::connecting);
    CHECK(driver.connection.reason() == ConnectionReason::woken);
    CHECK(driver.opened == 2);
  }
}

TEST_CASE("a woken attempt keeps the reconnection time's distance from the last attempt's begin") {
  for (const Signal signal : waking_signals) {
    Driver driver{with_long_waits()};
    driver.connect();
    driver.accept();
    driver.connection.on_retry(*driver.transport, Duration{8000});
    driver.advance(Duration{3000});
    driver.end(TransportEnd::failed);
    (driver.*signal)();
    CHECK(driver.connection.state() == ConnectionState::waiting);
    CHECK(driver.reach_deadline() == Duration{5000});
    CHECK(driver.connection.state() == ConnectionState::connecting);
    CHECK(driver.connection.reason() == ConnectionReason::retry_due);
  }
}

TEST_CASE("a server that names no reconnection time is not hammered either") {
  Driver driver{with_long_waits()};
  driver.connect();
  driver.accept();
  driver.connection.on_retry(*driver.transport, Duration{0});
  driver.end(TransportEnd::ended);
  driver.look();
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("no signal cuts a Retry-After short") {
  for (const Signal signal : waking_signals) {
    Driver driver{with_long_waits()};
    driver.connect();
    driver.advance(Duration{100});
    driver.respond(503, false, Duration{20'000});
    for (int flip = 0; flip < 10; ++flip) {
      driver.advance(Duration{1000});
      (driver.*signal)();
      CHECK(driver.connection.state() == ConnectionState::waiting);
    }
    CHECK(driver.reach_deadline() == Duration{10'000});
    CHECK(driver.opened == 2);
    // It held for that wait alone.
    driver.advance(Duration{1000});
    driver.end(TransportEnd::failed);
    (driver.*signal)();
    CHECK(driver.opened == 3);
  }
}

TEST_CASE("a signal never makes a wait longer") {
  ConnectionOptions options;
  options.backoff = {.base = Duration{500}, .cap = Duration{500}};
  Driver driver{options};
  driver.connect();
  driver.respond(503, false, Duration{0});
  const auto deadline = driver.connection.next_deadline();
  driver.look();
  CHECK(driver.connection.next_deadline() == deadline);
}

TEST_CASE("waking does not start the backoff afresh") {
  Duration longest{0};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Driver driver{{}, seed};
    driver.connect();
    for (int attempt = 0; attempt < 10; ++attempt) {
      driver.advance(Duration{1000});
      driver.end(TransportEnd::failed);
      driver.look();
    }
    driver.end(TransportEnd::failed);
    longest = std::max(longest, driver.reach_deadline());
  }
  CHECK(longest > Duration{8000});
}

TEST_CASE("online and visible leave a healthy stream, a young attempt and an idle machine alone") {
  for (const Signal signal : {&Driver::online, &Driver::look}) {
    Driver driver;
    (driver.*signal)();
    CHECK(driver.connection.state() == ConnectionState::idle);
    driver.connect();
    driver.advance(Duration{5000});
    (driver.*signal)();
    CHECK(driver.connection.state() == ConnectionState::connecting);
    driver.accept();
    driver.advance(Duration{5000});
    (driver.*signal)();
    CHECK(driver.connection.state() == ConnectionState::open);
    CHECK(driver.opened == 1);
  }
}

TEST_CASE("a restored page opens its stream anew, whether that was open or under way") {
  for (const bool was_open : {false, true}) {
    Driver driver{with_long_waits()};
    driver.connect();
    if (was_open) {
      driver.accept();
    }
    const AttemptId dead = *driver.transport;
    driver.advance(Duration{2000});
    driver.changes.clear();
    driver.restore();
    CHECK(driver.connection.state() == ConnectionState::connecting);
    REQUIRE(driver.changes.size() == 2);
    CHECK(driver.changes[0].reason == ConnectionReason::restored);
    CHECK(driver.changes[1].reason == ConnectionReason::woken);
    REQUIRE(driver.transport.has_value());
    CHECK(*driver.transport != dead);
    driver.connection.on_end(dead, TransportEnd::failed, driver.now);
    CHECK(driver.connection.state() == ConnectionState::connecting);
  }
}

TEST_CASE("a page that is restored over and over does not hammer the server") {
  Driver driver{with_long_waits()};
  driver.connect();
  for (int round = 0; round < 100; ++round) {
    driver.advance(Duration{100});
    driver.restore();
    driver.handle_deadline();
  }
  CHECK(driver.opened == 11);
}

TEST_CASE("offline stretches a wait to a slow probe, and online ends it") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  driver.offline();
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.reason() == ConnectionReason::offline);
  CHECK(driver.reach_deadline() == Duration{60'000});
  CHECK(driver.connection.state() == ConnectionState::connecting);

  driver.end(TransportEnd::failed);
  CHECK(driver.connection.reason() == ConnectionReason::network_failed);
  driver.advance(Duration{2000});
  driver.online();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  driver.end(TransportEnd::failed);
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("offline signalled again does not put the probe off, nor cut a longer wait") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  for (int round = 0; round < 59; ++round) {
    driver.offline();
    driver.advance(Duration{1000});
  }
  CHECK(driver.changes.size() == 3);
  CHECK(driver.reach_deadline() == Duration{1000});

  Driver told{without_jitter()};
  told.connect();
  told.respond(503, false, Duration{200'000});
  told.offline();
  CHECK(told.reach_deadline() == Duration{200'000});
}

TEST_CASE("offline leaves an open stream to its watchdog, and stretches the wait after it") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  const auto deadline = driver.connection.next_deadline();
  driver.offline();
  CHECK(driver.connection.state() == ConnectionState::open);
  CHECK(driver.connection.next_deadline() == deadline);
  driver.reach_deadline();
  CHECK(driver.connection.reason() == ConnectionReason::silent);
  CHECK(driver.reach_deadline() == Duration{60'000});
}

TEST_CASE("a stream that opens while offline belies the signal") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.offline();
  driver.accept();
  driver.end(TransportEnd::ended);
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("a page that was cached while offline may be online when it is back") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.offline();
  driver.advance(Duration{1000});
  driver.restore();
  CHECK(driver.opened == 2);
  driver.end(TransportEnd::failed);
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("somebody who looks gets an attempt while offline, too") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  driver.offline();
  driver.advance(Duration{5000});
  driver.look();
  CHECK(driver.connection.state() == ConnectionState::connecting);
}

TEST_CASE("restarting is the caller's word: at once, whatever the server asked for") {
  Driver driver{with_long_waits()};
  driver.restart();
  CHECK(driver.connection.state() == ConnectionState::idle);
  driver.connect();
  driver.restart();
  CHECK(driver.opened == 1);
  driver.respond(503, false, Duration{20'000});
  driver.restart();
  CHECK(driver.opened == 2);
  driver.accept();
  driver.restart();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::requested);
  CHECK(driver.opened == 3);
}
