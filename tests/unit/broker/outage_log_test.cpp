#include <string>

#include <catch2/catch.hpp>

#include "broker/outage_log.hpp"
#include "broker/redis_failure.hpp"
#include "captured_log.hpp"

namespace {

using regstream::Duration;
using regstream::Instant;
using regstream::broker::OutageLog;
using regstream::broker::RedisFailureKind;
using regstream::test::CapturedLog;

/// Seconds after the beginning.
Instant at(int seconds) {
  return Instant{std::chrono::seconds{seconds}};
}

}  // namespace

TEST_CASE("an outage is one line for each kind of failure and one when it is over") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  for (int outage = 0; outage < 2; ++outage) {
    log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
    for (int attempt = 0; attempt < 100; ++attempt) {
      log.failed({RedisFailureKind::refused, "redis refused"}, at(0));
      log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
    }
    log.back(0, at(12));
    regstream::logging::forget_lines();  // As after ten seconds.
  }
  const std::string one_outage =
      "warning: lost redis; retrying until it is back\n"
      "warning: redis refused; retrying until it is back\n"
      "info: connected to redis at localhost:6379 after 12.0 s\n";
  CHECK(captured.text() == one_outage + one_outage);
}

TEST_CASE("the end of an outage says how many updates waited for it") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  log.back(3, at(12));
  CHECK(captured.text() ==
        "info: connected to redis at localhost:6379 (updates that waited for it: 3)\n");
}

TEST_CASE("a connection that comes back without a failure that was said is not said") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  log.back(0, at(12));
  log.back(1, at(12));
  CHECK(captured.text() == "info: connected to redis at localhost:6379\n");
}

TEST_CASE("a redis that refuses updates is one line for each reason and one at the end") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  const regstream::broker::RedisOptions options;
  for (int refusal = 0; refusal < 100; ++refusal) {
    log.refusing(reply_failure(options, "OOM command not allowed"), at(0));
    log.refusing(reply_failure(options, "BUSY Redis is busy"), at(0));
  }
  log.accepting(3, at(12));
  log.accepting(0, at(12));
  CHECK(
      captured.text() ==
      "warning: redis at localhost:6379 takes no updates for now: it has no memory left: raise "
      "maxmemory (OOM); retrying until it does\nwarning: redis at localhost:6379 takes no updates "
      "for now: it is busy with another client's script (BUSY); retrying until it does\ninfo: "
      "redis at localhost:6379 takes updates again after 12.0 s (updates that waited for it: 3)\n");
}

TEST_CASE("a redis that refuses its connections and then calls has one end") {
  OutageLog log{"localhost:6379"};
  const auto busy =
      regstream::broker::reply_failure(regstream::broker::RedisOptions{}, "BUSY Redis is busy");
  {
    const CapturedLog captured;
    log.back(0, at(12));
    log.failed(busy, at(0));
  }
  const CapturedLog later;
  SECTION("the connection") {
    log.back(0, at(12));
    CHECK(later.text() == "info: connected to redis at localhost:6379 after 12.0 s\n");
  }
  SECTION("the calls") {
    log.refusing(busy, at(0));
    log.back(0, at(12));
    log.accepting(0, at(12));
    CHECK(later.text() == "info: redis at localhost:6379 takes updates again after 12.0 s\n");
  }
}

TEST_CASE("a redis that comes and goes is one line a kind in ten seconds") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  for (int outage = 0; outage < 100; ++outage) {
    log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
    log.back(0, at(12));
    log.refusing({RedisFailureKind::rejected, "redis rejects"}, at(0));
    log.accepting(0, at(12));
  }
  CHECK(captured.text() ==
        "warning: lost redis; retrying until it is back\ninfo: connected to redis at "
        "localhost:6379 after 12.0 s\nwarning: redis rejects; retrying until it does\ninfo: redis "
        "at localhost:6379 takes updates again after 12.0 s\n");
}

TEST_CASE("a line that is held back is written when it is due if it is still true") {
  OutageLog log{"localhost:6379"};
  {
    const CapturedLog captured;
    log.back(0, at(12));
    log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
    log.back(2, at(12));  // Held back by the first line.
  }
  const CapturedLog later;  // As after ten seconds.
  SECTION("an end") {
    log.say_ends();
    log.say_ends();
    CHECK(later.text() ==
          "info: connected to redis at localhost:6379 after 12.0 s (updates that waited for it: "
          "2)\n");
  }
  SECTION("an end that is over") {
    log.failed({RedisFailureKind::refused, "redis refused"}, at(0));
    log.say_ends();
    CHECK(later.text() == "warning: redis refused; retrying until it is back\n");
  }
}

TEST_CASE("a failure that is held back is written by a later try of the same outage") {
  OutageLog log{"localhost:6379"};
  {
    const CapturedLog captured;
    for (int outage = 0; outage < 2; ++outage) {
      log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
      log.back(0, at(12));
    }
    log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
  }
  const CapturedLog later;  // As after ten seconds.
  log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
  log.failed({RedisFailureKind::lost, "lost redis"}, at(0));
  CHECK(later.text() == "warning: lost redis; retrying until it is back\n");
}

TEST_CASE("an outage is counted from its first failure") {
  OutageLog log{"localhost:6379"};
  CHECK_FALSE(log.away_since());
  log.failed({RedisFailureKind::lost, "lost redis"}, at(5));
  log.failed({RedisFailureKind::refused, "redis refused"}, at(70));
  CHECK(log.away_since() == at(5));
  const CapturedLog captured;
  log.back(0, at(130));
  CHECK(captured.text() == "info: connected to redis at localhost:6379 after 2 min 5 s\n");
  CHECK_FALSE(log.away_since());
}

TEST_CASE("a redis that is slow is one line and one when it is in time again") {
  const CapturedLog captured;
  OutageLog log{"localhost:6379"};
  log.slow(Duration{412}, at(0));
  log.in_time(at(4'000));
  log.in_time(at(4'001));
  CHECK(captured.text() ==
        "warning: redis at localhost:6379 took 0.4 s to answer, so updates are late: is it "
        "overloaded, or far away?\ninfo: redis at localhost:6379 answers in time again after 1 h 6 "
        "min\n");
}

TEST_CASE("refused updates are one line") {
  const CapturedLog captured;
  for (int i = 0; i < 5; ++i) {
    OutageLog{"localhost:6379"}.refused("the queue is full");
  }
  CHECK(captured.text() == "error: an update was not published: the queue is full\n");
}

TEST_CASE("wrong messages of other programs are logged once in ten seconds") {
  const CapturedLog captured;
  for (std::uint64_t count = 1; count <= 3; ++count) {
    OutageLog{"localhost:6379"}.forged(count, 0);
    OutageLog{"localhost:6379"}.overflowing(count);
  }
  CHECK(captured.text() ==
        "warning: a message on the channel has the id of another update, and was skipped (1 so "
        "far)\n"
        "error: the channel's connection ended before all that redis buffered for it was read: "
        "messages arrived faster than they could be adopted, and some may be lost; every stream "
        "gets a reset (1 times so far). Publish with the publishers, which wait, or raise redis's "
        "client-output-buffer-limit for pubsub\n");
}

TEST_CASE("a redis that forbids waiting for entries is reported once until it permits it") {
  OutageLog log{"localhost:6379"};
  const std::string line =
      "warning: redis does not permit it; until it does, updates take a round trip longer\n";
  const auto refuse = [&log] {
    for (int i = 0; i < 3; ++i) {
      log.not_awaited({RedisFailureKind::rejected, "redis does not permit it"});
      log.not_awaited({RedisFailureKind::lost, "lost redis"});
    }
  };
  {
    const CapturedLog captured;
    refuse();
    CHECK(captured.text() == line);
  }
  {
    const CapturedLog later;  // As after ten seconds.
    refuse();
    CHECK(later.text().empty());
  }
  const CapturedLog again;
  log.awaited();
  refuse();
  CHECK(again.text() == line);
}
