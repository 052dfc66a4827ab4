#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "gateway_running.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

std::string update_of(std::int64_t registration_id, const std::string& message = "looking up") {
  return nlohmann::json{{"registrationId", registration_id},
                        {"status", "PENDING"},
                        {"stage", "t24_lookup"},
                        {"message", message}}
      .dump();
}

std::string last_event_id(const std::string& id) {
  return "Last-Event-ID: " + id + "\r\n";
}

void publish(RunningGateway& gateway, const std::vector<std::int64_t>& registration_ids) {
  for (const std::int64_t registration_id : registration_ids) {
    gateway.publish(update_of(registration_id));
  }
}

}  // namespace

TEST_CASE("A stream's first event has an id from which a client without updates resumes") {
  RunningGateway gateway;
  publish(gateway, {42});
  std::string id;
  {
    const StreamClient client(gateway);
    id = client.last_id;
    CHECK(id == RunningGateway::id(1));
    CHECK(client.connected["type"] == "connected");
  }
  publish(gateway, {43, 42});
  StreamClient back(gateway, "", 0, last_event_id(id));
  CHECK(back.last_id == id);
  CHECK(back.next()["data"]["registrationId"] == 43);
  CHECK(back.next()["data"]["registrationId"] == 42);
  CHECK(back.last_id == RunningGateway::id(3));
  publish(gateway, {44});
  CHECK(back.next()["data"]["registrationId"] == 44);
  CHECK(gateway.health()["resumed"] == 1);
}

TEST_CASE("A client resumes by the query and the header wins over it") {
  RunningGateway gateway;
  publish(gateway, {42, 43, 42, 43});
  StreamClient by_query(gateway, "?registrationId=42&lastEventId=" + RunningGateway::id(1));
  CHECK(by_query.next()["type"] == "update");
  CHECK(by_query.last_id == RunningGateway::id(3));
  StreamClient by_both(gateway, "?lastEventId=" + RunningGateway::id(1), 0,
                       last_event_id(RunningGateway::id(3)));
  CHECK(by_both.next()["type"] == "update");
  CHECK(by_both.last_id == RunningGateway::id(4));
}

TEST_CASE("A client resumes on another gateway of the same history") {
  RunningGateway first;
  RunningGateway second;
  publish(first, {42, 43});
  publish(second, {42, 43});
  std::string id;
  {
    StreamClient client(first, "?registrationId=42");
    CHECK(client.next()["type"] == "snapshot");
    id = client.last_id;
    CHECK(id == RunningGateway::id(2));
  }
  publish(first, {42, 43, 42});
  publish(second, {42, 43, 42});
  StreamClient client(second, "?registrationId=42", 0, last_event_id(id));
  CHECK(client.next()["type"] == "update");
  CHECK(client.last_id == RunningGateway::id(3));
  CHECK(client.next()["type"] == "update");
  CHECK(client.last_id == RunningGateway::id(5));
  publish(second, {42});
  CHECK(client.next()["type"] == "update");
  CHECK(client.last_id == RunningGateway::id(6));
}

TEST_CASE("A useless cursor gets a reset and the current state and never a refusal") {
  RunningGateway gateway({.streams = {.hub = {.journal = {.count_max = 2}}}});
  publish(gateway, {42, 43, 42});
  const std::string cursor = GENERATE(as<std::string>{}, "garbage", "1-1", "99999999999999-1",
                                      RunningGateway::id(0), RunningGateway::id(4));
  INFO(cursor);
  for (const bool by_header : {true, false}) {
    StreamClient client(gateway, "?registrationId=42" + (by_header ? "" : "&lastEventId=" + cursor),
                        0, by_header ? last_event_id(cursor) : "");
    CHECK(client.next()["type"] == "reset");
    CHECK(client.next()["type"] == "snapshot");
    CHECK(client.last_id == RunningGateway::id(3));
  }
  CHECK(gateway.health()["resets"] == 2);
  CHECK(gateway.health()["snapshots"] == 2);
}

TEST_CASE("A lastEventId given twice is 400") {
  const RunningGateway gateway;
  net::Client client(gateway.port());
  client.get("/api/registrations/updates/stream?lastEventId=1-1&lastEventId=1-1");
  CHECK(net::status_of(client.read_response()) == 400);
}

TEST_CASE("A replay of megabytes arrives completely and others are served meanwhile") {
  RunningGateway gateway;
  const std::string text(16U << 10U, 'x');
  std::vector<std::string> messages;
  for (int count = 1; count <= 1'000; ++count) {
    messages.push_back(update_of(count, text));
  }
  gateway.publish_at_once(messages);
  StreamClient client(gateway, "", 4'096, last_event_id(RunningGateway::id(0)));
  StreamClient other(gateway);
  publish(gateway, {1'001});
  CHECK(other.next()["data"]["registrationId"] == 1'001);
  for (int count = 1; count <= 1'001; ++count) {
    REQUIRE(client.next()["data"]["registrationId"] == count);
  }
  CHECK(client.last_id == RunningGateway::id(1'001));
}

TEST_CASE(
    "A stream that opens while the history is being read gets connected when it is complete") {
  RunningGateway gateway;
  StreamClient before(gateway, "?registrationId=42");
  gateway.run([](DictatedBroker& broker) {
    broker.begin_history({.epoch = RunningGateway::epoch + 1, .sequence = 0});
    broker.publish(update_of(42), {}, {});
  });
  net::Client during(gateway.port());
  during.get("/api/registrations/updates/stream?registrationId=42");
  during.read_head();
  during.read_until(": heartbeat 10000\n");
  CHECK(gateway.health()["history"]["live"] == false);

  gateway.run([](DictatedBroker& broker) { broker.subscriber->on_live(); });
  CHECK_THAT(during.read_until("\n\n"), Catch::Contains(R"("type":"connected")"));
  CHECK_THAT(during.read_until("\n\n"), Catch::Contains(R"("type":"snapshot")"));
  CHECK(before.next()["type"] == "reset");
  CHECK(before.next()["type"] == "snapshot");
  CHECK(before.last_id == to_string(EventId{.epoch = RunningGateway::epoch + 1, .sequence = 1}));
}
