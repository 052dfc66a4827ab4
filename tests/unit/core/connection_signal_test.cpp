#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "connection_driver.hpp"
#include "open_session.hpp"

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

/// Connects; the server answers or does not.
AttemptId begin(Driver& driver, bool is_open) {
  driver.connect();
  if (is_open) {
    driver.accept();
  }
  return *driver.transport;
}

}  // namespace

TEST_CASE("a signal ends a wait at once if the last attempt is long ago") {
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

TEST_CASE("a woken attempt keeps the reconnection time between the starts of two attempts") {
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

TEST_CASE("a server that sets no reconnection time is not flooded either") {
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
    // It applied to that wait only.
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

TEST_CASE("waking does not reset the backoff") {
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

TEST_CASE(
    "online and visible change nothing for a healthy stream or a young attempt or an idle "
    "machine") {
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

TEST_CASE("restored replaces an open stream and an attempt in progress") {
  for (const bool was_open : {false, true}) {
    Driver driver{with_long_waits()};
    const AttemptId dead = begin(driver, was_open);
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

TEST_CASE("restored over and over does not flood the server") {
  Driver driver{with_long_waits()};
  driver.connect();
  for (int round = 0; round < 100; ++round) {
    driver.advance(Duration{100});
    driver.restore();
    driver.handle_deadline();
  }
  CHECK(driver.opened == 11);
}

TEST_CASE("offline stretches a wait to a slow probe and online ends it") {
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

TEST_CASE("a second offline neither postpones the probe nor shortens a longer wait") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  for (int round = 0; round < 59; ++round) {
    driver.offline();
    driver.advance(Duration{1000});
  }
  CHECK(driver.changes.size() == 3);
  CHECK(driver.reach_deadline() == Duration{1000});

  Driver retry_after{without_jitter()};
  retry_after.connect();
  retry_after.respond(503, false, Duration{200'000});
  retry_after.offline();
  CHECK(retry_after.reach_deadline() == Duration{200'000});
}

TEST_CASE("offline leaves an open stream to its watchdog and stretches the wait after it") {
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

TEST_CASE("a stream that opens while offline overrides the signal") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.offline();
  driver.accept();
  driver.end(TransportEnd::ended);
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE(
    "online replaces the stream or attempt that the network was lost under and nothing newer") {
  for (const bool was_open : {false, true}) {
    Driver driver{with_long_waits()};
    const AttemptId dead = begin(driver, was_open);
    driver.advance(Duration{3000});
    driver.offline();
    driver.changes.clear();
    driver.online();
    REQUIRE(driver.changes.size() == 2);
    CHECK(driver.changes[0].reason == ConnectionReason::offline);
    CHECK(driver.changes[1].reason == ConnectionReason::woken);
    CHECK(*driver.transport != dead);
    driver.accept();
    driver.online();
    CHECK(driver.opened == 2);
  }
}

TEST_CASE("a network that flaps does not make a client flood the server") {
  Driver driver{with_long_waits()};
  driver.connect();
  for (int round = 0; round < 100; ++round) {
    driver.advance(Duration{100});
    driver.offline();
    driver.online();
    driver.handle_deadline();
  }
  CHECK(driver.opened == 11);
}

TEST_CASE("visible replaces a stream that was silent for a ping's interval and the grace") {
  for (const Signal signal : {&Driver::online, &Driver::look}) {
    Driver driver{with_long_waits()};
    driver.connect();
    driver.accept();
    driver.advance(Duration{35'000});
    (driver.*signal)();
    CHECK(driver.opened == 1);
    driver.advance(Duration{1});
    driver.changes.clear();
    (driver.*signal)();
    REQUIRE(driver.changes.size() == 2);
    CHECK(driver.changes[0].reason == ConnectionReason::silent);
    CHECK(driver.changes[1].reason == ConnectionReason::woken);
    CHECK(driver.opened == 2);
  }
}

TEST_CASE("visible leaves a stream alone if silence means nothing") {
  ConnectionOptions unpinged;
  unpinged.ping_interval = Duration{0};
  ConnectionOptions patient;
  patient.silence_limit = Duration::max();
  for (const ConnectionOptions& options : {unpinged, patient}) {
    Driver driver{options};
    driver.connect();
    driver.accept();
    driver.advance(Duration{3'600'000});
    driver.look();
    CHECK(driver.opened == 1);
  }
}

TEST_CASE("two pings show their interval by the server's clock") {
  Driver driver;
  driver.connect();
  driver.accept();
  const auto ping = [&](std::int64_t timestamp_ms) {
    driver.connection.on_activity(*driver.transport, driver.now);
    CHECK(driver.connection.on_ping(*driver.transport, timestamp_ms));
  };
  ping(1'000'000);
  CHECK(driver.connection.next_deadline() == driver.now + Duration{75'000});
  driver.advance(Duration{7'000});  // This ping was late.
  ping(1'010'000);
  CHECK(driver.connection.next_deadline() == driver.now + Duration{25'000});
  driver.advance(Duration{15'000});
  driver.look();
  CHECK(driver.opened == 1);
  driver.advance(Duration{1});
  driver.look();
  CHECK(driver.opened == 2);
  // The next stream may come from another server.
  driver.accept();
  CHECK(driver.connection.next_deadline() == driver.now + Duration{75'000});
}

TEST_CASE("a session learns the interval from its pings") {
  test::OpenSession stream{registration_workflow(), {42}};
  stream.open();
  stream.receive("", R"({"type":"ping","timestamp":1702493000000})");
  stream.receive("", R"({"type":"ping","timestamp":1702493004000})");
  CHECK(*stream.session.next_deadline() == stream.now + Duration{10'000});
}

TEST_CASE("no pings make the watchdog too quick or late or blind") {
  Driver driver;
  driver.connect();
  driver.accept();
  const AttemptId attempt = *driver.transport;
  const auto limit = [&] { return *driver.connection.next_deadline() - driver.now; };
  driver.connection.on_ping(attempt, 1'000'000);
  driver.connection.on_ping(attempt, 1'000'001);
  CHECK(limit() == Duration{3'000});
  driver.connection.on_ping(attempt, 1'120'001);
  CHECK(limit() == Duration{75'000});
  driver.connection.on_ping(attempt, 1'130'001);
  CHECK(limit() == Duration{25'000});
  // The server's clock was set forward and back.
  driver.connection.on_ping(attempt, 9'000'000);
  driver.connection.on_ping(attempt, 2'000'000);
  CHECK(limit() == Duration{25'000});
  // A more frequent heartbeat counts more.
  driver.connection.on_comment(attempt, " heartbeat 4000");
  CHECK(limit() == Duration{10'000});
  driver.connection.on_ping(attempt, 2'030'000);
  CHECK(limit() == Duration{10'000});
  CHECK_FALSE(driver.connection.on_ping(AttemptId{77}, 0));
}

TEST_CASE("a page that was cached while offline may be online when it is restored") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.offline();
  driver.advance(Duration{1000});
  driver.restore();
  CHECK(driver.opened == 2);
  driver.end(TransportEnd::failed);
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("visible starts an attempt while offline as well") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  driver.offline();
  driver.advance(Duration{5000});
  driver.look();
  CHECK(driver.connection.state() == ConnectionState::connecting);
}

TEST_CASE("a restart connects at once whatever the server asked for") {
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
