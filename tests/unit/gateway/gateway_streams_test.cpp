#include <algorithm>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "failing_allocation.hpp"
#include "gateway_running.hpp"

using namespace regstream;
using namespace regstream::gateway;
using regstream::net::Client;
using regstream::net::status_of;

namespace {

constexpr const char* stream_path = "/api/registrations/updates/stream";

std::string update_of(std::int64_t registration_id, const std::string& message = "looking up") {
  return nlohmann::json{{"registrationId", registration_id},
                        {"status", "PENDING"},
                        {"stage", "t24_lookup"},
                        {"message", message},
                        {"timestamp", 1'702'493'000'000}}
      .dump();
}

// Whether `text` comes before the stream ends.
bool still_says(Client& client, const std::string& text) {
  try {
    static_cast<void>(client.read_until(text));
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("A stream opens as an event stream with fields against buffering") {
  const RunningGateway gateway({.streams = {.hub = {.retry = Duration{1'500}}}});
  const StreamClient client(gateway);
  CHECK(status_of(client.head) == 200);
  CHECK(client.head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  CHECK(client.head.find("Cache-Control: no-cache, no-transform\r\n") != std::string::npos);
  CHECK(client.head.find("X-Accel-Buffering: no\r\n") != std::string::npos);
  CHECK(client.head.find("Content-Length") == std::string::npos);
  CHECK(client.head.find("Cross-Origin-Resource-Policy: same-origin\r\n") != std::string::npos);
  CHECK_THAT(client.greeting,
             Catch::StartsWith("retry: 1500\n\n: heartbeat 10000\nid: " + RunningGateway::id(0) +
                               "\ndata: {\"type\":\"connected\",\"timestamp\":1"));
}

TEST_CASE("Over HTTP/1.1 each event is one chunk") {
  RunningGateway gateway;
  gateway.publish(update_of(42));
  StreamClient client(gateway, "?registrationId=42");
  CHECK(client.head.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(client.head.find("Connection: close\r\n") != std::string::npos);
  CHECK(client.next()["type"] == "snapshot");
  gateway.publish_at_once({update_of(42), update_of(42)});
  CHECK(client.next()["type"] == "update");
  CHECK(client.next()["type"] == "update");
  std::vector<std::string> types;
  for (const std::string& chunk : client.chunks()) {
    const std::size_t type = chunk.find(R"("type":)");
    types.push_back(type == std::string::npos ? chunk : chunk.substr(type + 8, 6));
    CHECK_THAT(chunk, Catch::EndsWith("\n"));
  }
  CHECK(types == std::vector<std::string>{"retry: 1000\n\n: heartbeat 10000\n", "connec", "snapsh",
                                          "update", "update"});
}

TEST_CASE("Over HTTP/1.0 a stream has no framing and ends with its connection") {
  RunningGateway gateway;
  gateway.publish(update_of(42));
  Client client(gateway.port());
  client.send(std::string("GET ") + stream_path + "?registrationId=42 HTTP/1.0\r\n\r\n");
  const std::string head = client.read_head();
  CHECK(status_of(head) == 200);
  CHECK(head.find("Transfer-Encoding") == std::string::npos);
  CHECK(head.find("Connection: close\r\n") != std::string::npos);
  CHECK(client.read_until("\n: heartbeat 10000\n") == "retry: 1000\n\n: heartbeat 10000\n");
  CHECK_THAT(client.read_until("\n\n"), Catch::StartsWith("id: 0-0\ndata: "));
  CHECK_THAT(client.read_until("\n\n"), Catch::StartsWith("id: " + RunningGateway::id(1) + R"(
data: {"type":"snapshot")"));
  gateway.drain().wait();
  const std::string rest = client.read_to_end();
  CHECK_THAT(rest, Catch::StartsWith("retry: ") && Catch::EndsWith("\n\n"));
}

TEST_CASE("An update reaches both forms of the stream and no other registration's") {
  RunningGateway gateway;
  StreamClient all(gateway);
  StreamClient same(gateway, "?registrationId=42");
  StreamClient other(gateway, "?registrationId=43");

  gateway.publish(update_of(42));
  gateway.publish(update_of(43));

  const auto expected = [](std::int64_t registration_id) {
    return nlohmann::json{{"type", "update"},
                          {"data", nlohmann::json::parse(update_of(registration_id))}};
  };
  CHECK(all.next() == expected(42));
  CHECK(all.next() == expected(43));
  CHECK(same.next() == expected(42));
  CHECK(other.next() == expected(43));
}

TEST_CASE("A late reader of one registration gets the current state") {
  RunningGateway gateway;
  gateway.publish(update_of(42, "Found 5 accounts"));
  StreamClient client(gateway, "?registrationId=42");
  const nlohmann::json snapshot = client.next();
  CHECK(snapshot["type"] == "snapshot");
  CHECK(snapshot["data"]["registrationId"] == 42);
  CHECK(snapshot["data"]["message"] == "Found 5 accounts");
}

TEST_CASE("An open stream is pinged again and again") {
  const RunningGateway gateway({.streams = {.hub = {.ping_interval = Duration{10}}}});
  StreamClient first(gateway);
  StreamClient second(gateway, "?registrationId=42");
  for (int count = 0; count < 3; ++count) {
    CHECK(first.next()["type"] == "ping");
    CHECK(second.next()["type"] == "ping");
  }
}

TEST_CASE("A silent stream gets heartbeats as one chunk each") {
  const RunningGateway gateway({.streams = {.hub = {.heartbeat_interval = Duration{20}}}});
  StreamClient client(gateway);
  for (int count = 0; count < 3; ++count) {
    CHECK(client.read_until("\n") == ": heartbeat 20\n");
  }
  CHECK(client.chunks().back() == ": heartbeat 20\n");
}

TEST_CASE("A broken message is counted and skipped and the stream goes on") {
  RunningGateway gateway;
  StreamClient client(gateway);
  gateway.publish("{broken");
  gateway.publish(R"({"registrationId":"x","status":"PENDING"})");
  gateway.publish(update_of(42));
  CHECK(client.next()["data"]["registrationId"] == 42);
  const nlohmann::json health = gateway.health();
  CHECK(health["malformed"] == 2);
  CHECK(health["published"] == 1);
}

TEST_CASE("The health describes the gateway and its counters") {
  RunningGateway gateway;
  const StreamClient client(gateway);
  nlohmann::json health = gateway.health();
  CHECK(health["status"] == "ok");
  CHECK(health["broker"] == nlohmann::json{{"kind", "embedded"}, {"connected", true}});
  CHECK(health["subscribers"] == 1);
  health["history"].erase("ageSeconds");
  CHECK(health["history"] == nlohmann::json{{"live", true},
                                            {"epoch", RunningGateway::epoch},
                                            {"beganAt", "2023-12-13T18:26:40.000Z"},
                                            {"position", RunningGateway::id(0)},
                                            {"resumableFrom", RunningGateway::id(0)},
                                            {"messages", 0},
                                            {"bytes", 0}});
  for (const char* counter : {"published", "malformed", "duplicates", "gaps", "deliveries",
                              "resumed", "resets", "snapshots", "overruns"}) {
    CHECK(health[counter] == 0);
  }
}

TEST_CASE("A reader that closes is removed at once") {
  RunningGateway gateway;
  StreamClient stays(gateway);
  {
    StreamClient leaves(gateway);
    CHECK(gateway.has_subscribers(2));
  }
  CHECK(gateway.has_subscribers(1));
  gateway.publish(update_of(42));
  CHECK(stays.next()["type"] == "update");
}

TEST_CASE("A reader that sends bytes is tolerated for a while and then cut off") {
  RunningGateway gateway;
  StreamClient client(gateway);
  client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  gateway.publish(update_of(42));
  CHECK(client.next()["type"] == "update");
  client.send(std::string(100'000, 'a'));
  CHECK(gateway.has_subscribers(0));
  static_cast<void>(client.read_to_end());
  CHECK_FALSE(client.has_whole_body());  // A cut, and no end.
}

TEST_CASE("Memory that runs out for one stream ends that stream at most") {
  RunningGateway gateway;
  int failures = 0;
  for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
    std::vector<std::unique_ptr<StreamClient>> clients;
    for (int count = 0; count < 3; ++count) {
      clients.push_back(std::make_unique<StreamClient>(gateway));
    }
    gateway.run([&](DictatedBroker& broker) {
      broker.publish(update_of(42), {}, {});
      fail_allocation_after(failures);  // From here on: what the streams cost.
    });
    gateway.run([&](DictatedBroker&) { has_failed = end_failing_allocation(); });
    const auto served = std::count_if(clients.begin(), clients.end(), [](const auto& client) {
      return still_says(*client, "\"registrationId\":42");
    });
    INFO(failures);
    CHECK(served >= 2);
  }
}

TEST_CASE("Memory that runs out while a stream opens leaves none behind") {
  RunningGateway gateway;
  int failures = 0;
  for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
    gateway.run([&](DictatedBroker&) { fail_allocation_after(failures); });
    {
      Client client(gateway.port());
      client.get(std::string(stream_path) + "?registrationId=42", "Connection: close\r\n");
      static_cast<void>(still_says(client, R"("type":"connected")"));
    }
    gateway.run([&](DictatedBroker&) { has_failed = end_failing_allocation(); });
    INFO(failures);
    REQUIRE(gateway.has_subscribers(0));
    StreamClient next(gateway);
    gateway.publish(update_of(42));
    REQUIRE(next.next()["type"] == "update");
  }
  CHECK(failures > 10);
}

TEST_CASE("HEAD shows the stream's head and opens nothing") {
  const RunningGateway gateway;
  Client client(gateway.port());
  client.send(std::string("HEAD ") + stream_path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const std::string head = client.read_until("\r\n\r\n");
  CHECK(status_of(head) == 200);
  CHECK(head.find("Content-Type: text/event-stream\r\n") != std::string::npos);
  client.get("/api/health");  // Nothing of a body stands between the two answers.
  CHECK(client.read_response().find("\"subscribers\":0") != std::string::npos);
}

TEST_CASE("Another method is 405 and a query that makes no sense 400") {
  const RunningGateway gateway;
  Client client(gateway.port());
  client.send(std::string("POST ") + stream_path +
              " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
  const std::string refused = client.read_response();
  CHECK(status_of(refused) == 405);
  CHECK(refused.find("Allow: GET, HEAD\r\n") != std::string::npos);

  for (const char* query : {"?registrationId=abc", "?registrationId=0", "?registrationId=",
                            "?registrationId=1&until=end", "?registrationId=%zz"}) {
    INFO(query);
    client.get(std::string(stream_path) + query);
    const std::string response = client.read_response();
    CHECK(status_of(response) == 400);
    CHECK(response.find("application/problem+json") != std::string::npos);
  }
  CHECK(gateway.health()["subscribers"] == 0);
}

TEST_CASE(
    "A reader that does not read falls behind and gets a reset while another receives everything") {
  RunningGateway gateway({.streams = {.hub = {.journal = {.count_max = 20}}}});
  StreamClient slow(gateway, {}, 4'096);
  StreamClient fast(gateway);
  const std::string text(32U << 10U, 'x');
  int published = 0;
  const auto publish_one = [&] {
    ++published;
    gateway.publish(update_of(published, text));
    REQUIRE(fast.next()["data"]["registrationId"] == published);
  };
  // The kernel takes some megabytes for the slow one before it begins to lag.
  const auto lag = [&] { return 2 * published - gateway.health()["deliveries"].get<int>(); };
  while (lag() <= 30 && published < 2'000) {
    publish_one();
  }
  REQUIRE(lag() > 30);
  const int last = published;
  int received = 0;
  for (nlohmann::json message = slow.next(); message["type"] == "update"; message = slow.next()) {
    ++received;
    REQUIRE(message["data"]["registrationId"] == received);
    REQUIRE(received < last);
  }
  CHECK_THAT(slow.last_event, Catch::Contains(R"("type":"reset")"));
  CHECK(slow.last_id == RunningGateway::id(static_cast<std::uint64_t>(last)));
  publish_one();
  CHECK(slow.next()["data"]["registrationId"] == published);
  const nlohmann::json health = gateway.health();
  CHECK(health["overruns"] == 1);
  CHECK(health["resets"] == 1);
  CHECK(health["subscribers"] == 2);
}

TEST_CASE("A burst larger than an outbox reaches a reader whole") {
  RunningGateway gateway({.streams = {.hub = {.outbox_bytes_max = 256U << 10U}}});
  StreamClient client(gateway);
  std::vector<std::string> burst;
  for (int index = 1; index <= 600; ++index) {
    burst.push_back(update_of(index, std::string(400, 'x')));
  }
  gateway.publish_at_once(burst);  // 300 KB, of which any socket takes 64 KiB at once.
  for (int index = 1; index <= 600; ++index) {
    REQUIRE(client.next()["data"]["registrationId"] == index);
  }
  CHECK(gateway.health()["resets"] == 0);
}

TEST_CASE("One stream too many is answered 503 with Retry-After") {
  const RunningGateway gateway({.streams = {.streams = std::make_shared<hub::StreamCount>(1)}});
  const StreamClient client(gateway);
  Client refused(gateway.port());
  refused.get(stream_path);
  const std::string response = refused.read_response();
  CHECK(status_of(response) == 503);
  CHECK(response.find("Retry-After: 1\r\n") != std::string::npos);
}

TEST_CASE("A draining gateway tells each reader when to reconnect and ends its stream") {
  RunningGateway gateway({.streams = {.hub = {.retry = Duration{1'000}}}});
  std::vector<std::unique_ptr<StreamClient>> clients;
  for (int count = 0; count < 20; ++count) {
    clients.push_back(std::make_unique<StreamClient>(gateway));
  }
  const std::future<void> drained = gateway.drain();
  for (const auto& client : clients) {
    const std::string last = client->read_to_end();
    REQUIRE_THAT(last, Catch::StartsWith("retry: ") && Catch::EndsWith("\n\n"));
    const int retry_ms = std::stoi(last.substr(7));
    CHECK(retry_ms >= 1'000);
    CHECK(retry_ms < 1'020);
    CHECK(client->has_whole_body());
  }
  drained.wait();

  Client refused(gateway.port());
  refused.get(stream_path);
  CHECK(status_of(refused.read_response()) == 503);
}
