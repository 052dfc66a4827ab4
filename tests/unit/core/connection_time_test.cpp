#include <string_view>

#include <catch2/catch.hpp>

#include "connection_driver.hpp"

using namespace regstream;
using regstream::test::Driver;
using regstream::test::without_jitter;

TEST_CASE("the silence limit follows from the ping interval unless it is set") {
  const auto limit = [](Duration ping, std::optional<Duration> given) {
    ConnectionOptions options;
    options.ping_interval = ping;
    options.silence_limit = given;
    Driver driver{options};
    driver.connect();
    driver.accept();
    return *driver.connection.next_deadline() - driver.now;
  };
  constexpr Duration never = Duration::max();
  CHECK(limit(Duration{30'000}, std::nullopt) == Duration{75'000});
  CHECK(limit(Duration{1}, std::nullopt) == Duration{2});
  CHECK(limit(Duration{0}, std::nullopt) == never);
  CHECK(limit(Duration{-1}, std::nullopt) == never);
  CHECK(limit(never / 5, std::nullopt) < never);
  CHECK(limit(never / 5 + Duration{1}, std::nullopt) == never);
  CHECK(limit(never, std::nullopt) == never);
  CHECK(limit(Duration{30'000}, Duration{500}) == Duration{500});
  CHECK(limit(Duration{30'000}, never) == never);
}

namespace {

/// How long an open stream may be silent after it has announced `heartbeat`.
Duration limit_with(std::string_view heartbeat, const ConnectionOptions& options = {}) {
  Driver driver{options};
  driver.connect();
  driver.accept();
  driver.advance(Duration{500});
  driver.connection.on_activity(*driver.transport, driver.now);
  driver.connection.on_comment(*driver.transport, heartbeat);
  return *driver.connection.next_deadline() - driver.now;
}

}  // namespace

TEST_CASE("a stream that announces its heartbeat may be silent for two and a half intervals") {
  CHECK(limit_with(" heartbeat 10000") == Duration{25'000});
  CHECK(limit_with(" heartbeat 1201") == Duration{3002});
  // No less than the time that lost packets take.
  CHECK(limit_with(" heartbeat 50") == Duration{3000});
  CHECK(limit_with(" heartbeat 1") == Duration{3000});
  // No longer than without a heartbeat.
  CHECK(limit_with(" heartbeat 30001") == Duration{75'000});
  CHECK(limit_with(" heartbeat 3600000") == Duration{75'000});
  // Anything else is ignored.
  for (const std::string_view other :
       {"", "heartbeat 10000", " heartbeat 0", " heartbeat -1", " heartbeat 1e9",
        " heartbeat 3600001", " heartbeat 99999999999999999999"}) {
    CAPTURE(other);
    CHECK(limit_with(other) == Duration{75'000});
  }
}

TEST_CASE("the options bound what a heartbeat does") {
  ConnectionOptions options;
  options.silence_limit = Duration{20};
  CHECK(limit_with(" heartbeat 10000", options) == Duration{20});
  options.silence_limit = Duration::max();
  CHECK(limit_with(" heartbeat 10000", options) == Duration{25'000});
  options = {};
  options.ping_interval = Duration{0};
  CHECK(limit_with(" heartbeat 10000", options) == Duration{25'000});
}

TEST_CASE("a heartbeat's limit holds from its announcement on and for its stream only") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  const AttemptId first = *driver.transport;
  driver.connection.on_comment(first, " heartbeat 10000");
  driver.advance(Duration{24'000});
  driver.connection.on_activity(first, driver.now);  // Any byte.
  CHECK(driver.connection.next_deadline() == driver.now + Duration{25'000});
  driver.connection.on_comment(first, " heartbeat 20000");  // Another announcement.
  CHECK(driver.connection.next_deadline() == driver.now + Duration{50'000});
  driver.connection.on_comment(first, " heartbeat 10000");
  CHECK(driver.reach_deadline() == Duration{25'000});
  CHECK(driver.connection.reason() == ConnectionReason::silent);

  CHECK_FALSE(driver.connection.on_comment(first, " heartbeat 10000"));
  driver.reach_deadline();
  driver.connection.on_comment(*driver.transport, " heartbeat 10000");  // Not open yet.
  driver.accept();
  CHECK(driver.reach_deadline() == Duration{75'000});
}

TEST_CASE("a watchdog that fires late gives the stream one short grace") {
  Driver driver;
  driver.connect();
  driver.accept();
  driver.advance(Duration{8 * 3'600'000});
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::open);

  SECTION("no byte comes") {
    CHECK(driver.reach_deadline() == Duration{5000});
    CHECK(driver.connection.reason() == ConnectionReason::silent);
  }
  SECTION("no byte comes, and the grace's end is handled late as well") {
    driver.advance(Duration{60'000});
    driver.handle_deadline();
    CHECK(driver.connection.reason() == ConnectionReason::silent);
  }
  SECTION("a byte was in the queue") {
    driver.connection.on_activity(*driver.transport, driver.now);
    // The next sleep has its own grace.
    driver.advance(Duration{3'600'000});
    driver.handle_deadline();
    CHECK(driver.connection.state() == ConnectionState::open);
    CHECK(driver.reach_deadline() == Duration{5000});
  }
}

TEST_CASE("a timer that is as late as timers usually are gives no grace") {
  Driver driver;
  driver.connect();
  driver.accept();
  driver.advance(Duration{76'000});
  driver.handle_deadline();
  CHECK(driver.connection.reason() == ConnectionReason::silent);
}

TEST_CASE("bytes that arrive before the late timer keep the stream") {
  Driver driver;
  driver.connect();
  driver.accept();
  driver.advance(Duration{3'600'000});
  driver.connection.on_activity(*driver.transport, driver.now);
  CHECK(driver.reach_deadline() == Duration{75'000});
}

TEST_CASE("a signal after a sleep replaces the stream at once without the grace") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.accept();
  driver.advance(Duration{3'600'000});
  driver.look();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  CHECK(driver.connection.reason() == ConnectionReason::woken);
}

TEST_CASE("a clock that is set back stands still until it has caught up") {
  Driver driver{without_jitter()};
  driver.now = Instant{Duration{1'000'000}};
  driver.connect();
  driver.end(TransportEnd::failed);
  const auto deadline = driver.connection.next_deadline();
  CHECK(deadline == Instant{Duration{1'001'000}});
  driver.now = Instant{Duration{5}};
  driver.handle_deadline();
  driver.look();
  CHECK(driver.connection.state() == ConnectionState::waiting);
  CHECK(driver.connection.next_deadline() == deadline);
  driver.now = *deadline;
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::connecting);
  driver.now = Instant::min();
  driver.accept();
  CHECK(driver.connection.next_deadline() == Instant{Duration{1'076'000}});
}

TEST_CASE("a clock that leaps forward does not cause a burst of attempts") {
  Driver driver{without_jitter()};
  driver.connect();
  driver.end(TransportEnd::failed);
  driver.advance(Duration{365LL * 24 * 3'600'000});
  for (int round = 0; round < 10; ++round) {
    driver.handle_deadline();
    driver.look();
  }
  CHECK(driver.opened == 2);
  CHECK(driver.reach_deadline() == Duration{15'000});
  CHECK(driver.reach_deadline() == Duration{1000});
}

TEST_CASE("nothing overflows at the end of time and nothing happens after it") {
  for (const Instant end : {Instant::max(), Instant::max() - Duration{1}}) {
    Driver driver;
    driver.now = Instant::min();
    driver.connect();
    driver.accept();
    driver.now = end;
    for (int round = 0; round < 100; ++round) {
      driver.handle_deadline();
      driver.look();
      driver.restore();
    }
    CHECK(driver.opened <= 3);
  }
}

TEST_CASE("a limit of the longest duration means never and does not overflow") {
  ConnectionOptions options;
  options.connect_timeout = Duration::max();
  options.silence_limit = Duration::max();
  options.stable_after = Duration::max();
  Driver driver{options};
  driver.now = Instant{Duration{1'000'000}};
  driver.connect();
  CHECK(driver.connection.next_deadline() == Instant::max());
  driver.accept();
  driver.advance(Duration{1'000'000'000'000});
  driver.handle_deadline();
  CHECK(driver.connection.state() == ConnectionState::open);
  driver.end(TransportEnd::ended);
  CHECK(driver.connection.state() == ConnectionState::waiting);
}

TEST_CASE("negative options count as zero") {
  ConnectionOptions options = without_jitter();
  options.connect_timeout = Duration{-1};
  options.reconnection_time = Duration{-1};
  options.reconnection_time_max = Duration{-1};
  Driver driver{options};
  driver.connect();
  CHECK(driver.reach_deadline() == Duration{0});
  CHECK(driver.reach_deadline() == Duration{0});
  CHECK(driver.connection.state() == ConnectionState::connecting);
}
