// Bare messages arrive faster than a real Redis and the brokers can adopt them.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "captured_log.hpp"
#include "redis_broker_fixture.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"

namespace {

using regstream::EventId;
using regstream::test::BrokerFixture;
using regstream::test::CapturedLog;
using regstream::test::Messages;
using regstream::test::options_of;
using regstream::test::OtherProgram;
using regstream::test::RedisServer;
using regstream::test::update_json;
using regstream::test::updates;

/// All of them in one pipeline.
void publish_at_once(OtherProgram& program, const Messages& messages) {
  for (const auto& message : messages) {
    program.send({"PUBLISH", regstream::test::names.channel(), message});
  }
  program.flush();
}

std::string large_update(int number) {
  return R"({"registrationId":42,"status":"PENDING","message":")" + std::to_string(number) +
         R"(","details":{"text":")" + std::string(95'000, 'x') + "\"}}";
}

}  // namespace

TEST_CASE("a flood of large bare messages waits in redis and loses none") {
  const RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  Messages sent;
  for (int number = 1; number <= 220; ++number) {
    sent.push_back(large_update(number));
  }
  OtherProgram program{server};
  publish_at_once(program, sent);
  REQUIRE(fixture.wait_heard(sent.size()));
  CHECK(fixture.heard == sent);
  CHECK(fixture.histories.size() == 1);
  CHECK(fixture.broker->dropped().overflowing == 0);
}

TEST_CASE("a flood of small bare messages of many times the history loses none") {
  const RedisServer server;
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  const auto sent = updates(1, 60'000);
  OtherProgram program{server};
  publish_at_once(program, sent);
  const bool all = fixture.wait_heard(sent.size());
  CAPTURE(fixture.heard.size(), fixture.histories.size(), fixture.broker->dropped().overflowing);
  REQUIRE(all);
  CHECK(fixture.heard == sent);
  CHECK(fixture.histories.size() == 1);
  CHECK(fixture.broker->dropped().overflowing == 0);
}

TEST_CASE("a long history of short messages is read in pages that a reply may have") {
  const RedisServer server;
  auto options = options_of(server);
  options.history.length_max = 100'000;
  BrokerFixture fixture{options};
  REQUIRE(fixture.wait_connected());
  const std::string shortest = R"({"registrationId":1,"status":"x"})";
  constexpr std::size_t count = 70'000;
  OtherProgram program{server};
  publish_at_once(program, Messages(count, shortest));
  REQUIRE(fixture.wait_heard(count));
  BrokerFixture later{options};
  REQUIRE(later.wait_connected());
  CHECK(later.heard.size() == count);
  CHECK(later.histories.size() == 1);
}

TEST_CASE("after redis drops a flood delivery continues past the loss with a reset") {
  const CapturedLog log;
  const RedisServer server;
  OtherProgram program{server};
  program.command({"CONFIG", "SET", "client-output-buffer-limit", "pubsub 1mb 1mb 1"});
  BrokerFixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  Messages sent;
  for (int number = 1; number <= 300; ++number) {
    sent.push_back(large_update(number));
  }
  publish_at_once(program, sent);
  // Everyone who follows the history learns of the loss: this broker, and one that comes later.
  REQUIRE(fixture.wait([&fixture] {
    return fixture.broker->dropped().overflowing > 0 && fixture.histories.size() > 1 &&
           fixture.is_live;
  }));
  fixture.publish(update_json(1));
  REQUIRE(fixture.wait([&fixture] { return !fixture.done.empty() && !fixture.heard.empty(); }));
  CHECK(fixture.heard.back() == update_json(1));
  BrokerFixture later{options_of(server)};
  REQUIRE(later.wait_connected());
  CHECK(later.histories.size() > 1);
  CHECK(later.last == fixture.last);
  CHECK(log.text().find("some may be lost") != std::string::npos);
}
