// Brokers with a real Redis that answers, but refuses writes for a while.
#include <string>

#include <catch2/catch.hpp>

#include "captured_log.hpp"
#include "redis_broker_fixture.hpp"
#include "redis_program.hpp"
#include "redis_refusal.hpp"
#include "redis_server.hpp"

namespace {

using Catch::Matchers::Contains;
using regstream::broker::reply_text;
using regstream::test::BrokerFixture;
using regstream::test::CapturedLog;
using regstream::test::Messages;
using regstream::test::options_of;
using regstream::test::OtherProgram;
using regstream::test::RedisRefusal;
using regstream::test::RedisServer;
using regstream::test::update_json;
using regstream::test::updates;

bool can_publish(const BrokerFixture& fixture) {
  return fixture.broker->obstacles().publishing.empty();
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("publishes wait while redis refuses writes and enter the history once and in order") {
  const auto code = GENERATE(from_range(RedisRefusal::codes()));
  CAPTURE(code);
  RedisServer server;
  const CapturedLog log;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  for (const auto& message : updates(1, 100)) {
    fixture.publish(message);
  }
  REQUIRE(fixture.wait_done(100));

  RedisRefusal refusal{server, code};
  for (const auto& message : updates(101, 300)) {
    fixture.publish(message);
  }
  REQUIRE(fixture.wait([&] { return !can_publish(fixture); }));
  CHECK_THAT(fixture.broker->obstacles().publishing, Contains(code));
  CHECK(fixture.done == updates(1, 100));
  refusal.end();
  for (const auto& message : updates(301, 400)) {
    fixture.publish(message);
  }

  REQUIRE(fixture.wait_done(400));
  CHECK(fixture.wait_heard(400));
  CHECK(fixture.done == updates(1, 400));
  CHECK(fixture.heard == updates(1, 400));
  CHECK(fixture.failed.empty());
  // A former replica may have lost writes.
  const bool was_replica = code == "MASTERDOWN" || code == "READONLY";
  CHECK(fixture.histories.size() == (was_replica ? 2 : 1));
  CHECK(OtherProgram{server}.history().entries.size() == 400);
  CHECK(fixture.wait([&] { return can_publish(fixture); }));
  CAPTURE(log.text());
  CHECK(count(log.text(), "takes no updates for now: ") == 1);
  CHECK(count(log.text(), "takes updates again") == 1);
  CHECK(count(log.text(), "\n") == 3);
}

TEST_CASE("a bare message waits on the same connection while redis refuses writes") {
  const auto code = GENERATE(as<std::string>{}, "MISCONF", "NOREPLICAS", "OOM");
  CAPTURE(code);
  RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait_heard(1));
  OtherProgram program{server};
  const auto connections = [&program] {
    const std::string stats{reply_text(*program.command({"INFO", "stats"}))};
    const auto at = stats.find("total_connections_received:");
    return stats.substr(at, stats.find('\r', at) - at);
  };
  // The broker's third connection comes when the others are there.
  REQUIRE(fixture.wait([&program] {
    return reply_text(*program.command({"INFO", "clients"})).find("connected_clients:4\r") !=
           std::string::npos;
  }));

  RedisRefusal refusal{server, code};
  const auto before = connections();
  CHECK(program.publish(update_json(2)) == 1);
  REQUIRE(fixture.wait([&] { return !can_publish(fixture); }));
  // It keeps trying, without a busy loop of connections.
  const auto trials = [&program, name = "errorstat_" + code + ":count="] {
    const std::string stats{reply_text(*program.command({"INFO", "errorstats"}))};
    const auto at = stats.find(name);
    return at == std::string::npos ? 0 : std::stoul(stats.substr(at + name.size()));
  };
  const auto then = trials();
  REQUIRE(fixture.wait([&] { return trials() > then + 5; }));
  CHECK(connections() == before);
  CHECK(fixture.broker->is_connected());
  refusal.end();
  REQUIRE(fixture.wait_heard(2));
  CHECK(fixture.heard == updates(1, 2));
  CHECK(fixture.histories.size() == 1);
}

TEST_CASE("publish_now fails at once while redis refuses writes and is never published") {
  const auto code = GENERATE(from_range(RedisRefusal::codes()));
  CAPTURE(code);
  RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish_now(update_json(1));
  REQUIRE(fixture.wait_done(1));

  RedisRefusal refusal{server, code};
  // The first one finds out.
  fixture.publish_now(update_json(2));
  fixture.publish_now(update_json(3));
  REQUIRE(fixture.wait([&] { return fixture.failed.size() == 2; }));
  fixture.publish_now(update_json(4));
  REQUIRE(fixture.wait([&] { return fixture.failed.size() == 3; }));
  CHECK(fixture.failed == updates(2, 4));
  CHECK_THAT(fixture.last_error, Contains("not published"));
  refusal.end();
  // No publish would find it out.
  REQUIRE(fixture.wait([&] { return can_publish(fixture); }));
  fixture.publish_now(update_json(5));
  REQUIRE(fixture.wait_done(2));
  REQUIRE(fixture.wait_heard(2));
  CHECK(fixture.heard == Messages{update_json(1), update_json(5)});
}

TEST_CASE("an idle broker finds out that redis refuses writes") {
  const auto code = GENERATE(as<std::string>{}, "OOM", "READONLY");
  RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait([&] { return fixture.is_live && can_publish(fixture); }));
  RedisRefusal refusal{server, code};
  REQUIRE(fixture.wait([&] { return !can_publish(fixture); }));
  CHECK_THAT(fixture.broker->obstacles().publishing, Contains(code));
  refusal.end();
  CHECK(fixture.wait([&] { return can_publish(fixture); }));
  CHECK(OtherProgram{server}.history().entries.empty());
}

TEST_CASE("a history begins only once redis accepts writes") {
  RedisServer server;
  RedisRefusal refusal{server, "OOM"};
  BrokerFixture fixture{options_of(server)};
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait([&] {
    const auto obstacles = fixture.broker->obstacles();
    return obstacles.reading.find("OOM") != std::string::npos &&
           obstacles.publishing.find("OOM") != std::string::npos;
  }));
  refusal.end();
  REQUIRE(fixture.wait_heard(1));
  CHECK(fixture.wait([&] { return fixture.broker->is_connected() && can_publish(fixture); }));
}

TEST_CASE("one refused update leaves the broker ready and one that redis forbids does not") {
  RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait([&] { return can_publish(fixture); }));
  fixture.publish("text");
  REQUIRE(fixture.wait([&] { return fixture.failed.size() == 1; }));
  CHECK(can_publish(fixture));
  OtherProgram program{server};
  program.command({"ACL", "SETUSER", "default", "-xadd"});
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait([&] { return !can_publish(fixture); }));
  CHECK_THAT(fixture.broker->obstacles().publishing, Contains("refuses a command"));
  program.command({"ACL", "SETUSER", "default", "+xadd"});
  CHECK(fixture.wait([&] { return can_publish(fixture); }));
}

TEST_CASE("readiness and the log name a missing permission") {
  RedisServer server;
  const CapturedLog captured;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait([&] { return can_publish(fixture); }));
  OtherProgram program{server};
  program.command({"ACL", "SETUSER", "default", "-get"});
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait([&] { return !can_publish(fixture); }));
  CHECK_THAT(captured.text(), Contains("does not permit a command (NOPERM)"));
  program.command({"ACL", "SETUSER", "default", "+get"});
  CHECK(fixture.wait([&] { return can_publish(fixture); }));
}

TEST_CASE("the connection that waits for entries breaks and comes back without an outage") {
  RedisServer server;
  const CapturedLog captured;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  OtherProgram program{server};
  const auto waiting = [&program] {
    const auto list = program.command({"CLIENT", "LIST"});
    const std::string text{reply_text(*list)};
    const auto end = text.find(" cmd=xread");
    const auto begin =
        end == std::string::npos ? end : text.rfind("id=", text.rfind('\n', end) + 1);
    return end == std::string::npos ? std::string{}
                                    : text.substr(begin + 3, text.find(' ', begin) - begin - 3);
  };
  std::string first;
  REQUIRE(fixture.wait([&] { return !(first = waiting()).empty(); }));
  program.command({"CLIENT", "KILL", "ID", first});
  REQUIRE(fixture.wait([&] {
    const auto now = waiting();
    return !now.empty() && now != first;
  }));
  fixture.publish(update_json(1));
  CHECK(fixture.wait_heard(1));
  CHECK_THAT(captured.text(), !Contains("lost"));
}
