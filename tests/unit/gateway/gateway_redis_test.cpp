// Two gateways of one history in a real Redis. One gets it late.
#include <cstdint>
#include <string>
#include <thread>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regstream/broker/redis_broker.hpp>

#include "broker/redis_once.hpp"
#include "gateway/gateway.hpp"
#include "gateway/health_routes.hpp"
#include "gateway_running.hpp"
#include "held_path.hpp"
#include "net/event_loop.hpp"
#include "net/server.hpp"
#include "net_client.hpp"
#include "redis_program.hpp"
#include "redis_server.hpp"

namespace {

using Catch::Contains;
using Catch::Matchers::StartsWith;
using regstream::Duration;
using regstream::EventId;
using regstream::test::HeldPath;
using regstream::test::OtherProgram;
using regstream::test::RedisServer;
using regstream::test::update_json;

regstream::broker::RedisOptions redis_at(std::uint16_t port) {
  regstream::broker::RedisOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.timing.backoff = {Duration{5}, Duration{20}};
  return options;
}

class RedisGateway {
 public:
  explicit RedisGateway(std::uint16_t redis_port)
      : broker_(context_, redis_at(redis_port)),
        server_(context_, router_, {.address = "127.0.0.1", .port = 0}),
        gateway_(context_, broker_, {}),
        health_({&broker_}, regstream::gateway::ask_the_one_loop({&gateway_}), {}) {
    gateway_.add_to(router_, regstream::access::open_guard());
    health_.add_to(router_, regstream::access::open_guard());
    thread_ = std::thread([this] { regstream::net::run(context_); });
  }
  RedisGateway(const RedisGateway&) = delete;
  RedisGateway& operator=(const RedisGateway&) = delete;
  ~RedisGateway() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  [[nodiscard]] nlohmann::json health() const {
    regstream::net::Client client(port());
    client.get("/api/health", "Connection: close\r\n");
    const std::string response = client.read_to_end();
    return nlohmann::json::parse(response.substr(response.find("\r\n\r\n") + 4));
  }

 private:
  boost::asio::io_context context_{1};
  regstream::broker::RedisBroker broker_;
  regstream::net::Router router_;
  regstream::net::Server server_;
  regstream::gateway::Gateway gateway_;
  regstream::gateway::HealthRoutes health_;
  std::thread thread_;
};

struct Stream : regstream::net::Client {
  explicit Stream(const RedisGateway& gateway, const std::string& cursor = {})
      : Client(gateway.port()) {
    get("/api/registrations/updates/stream?registrationId=42",
        cursor.empty() ? "" : "Last-Event-ID: " + cursor + "\r\n");
    read_head();
    read_until(": heartbeat 10000\n");
  }
  std::string next() { return read_until("\n\n"); }
};

/// A Redis with two gateways. The second one's connection is stalled. Both have the first update;
/// the first gateway has more.
struct Parted {
  Parted() {
    publish(1);
    Stream there(late);
    hear_update(there);
    path.hold();
    Stream here(prompt);
    hear_update(here);
    end = publish(2);
    CHECK_THAT(here.next(), StartsWith("id: " + to_string(end)));
  }

  /// In a snapshot or by itself.
  static void hear_update(Stream& stream) {
    CHECK_THAT(stream.next(), Contains(R"("type":"connected")"));
    stream.next();
  }

  EventId publish(int number) const {
    const auto result =
        regstream::broker::publish_once(redis_at(server.port()), update_json(number));
    return std::get<EventId>(result);
  }

  RedisServer server;
  HeldPath path{server.port()};
  RedisGateway prompt{server.port()};
  RedisGateway late{path.port()};
  EventId end;
};

}  // namespace

TEST_CASE("A stream at a gateway that is behind goes on when the gateway has caught up") {
  Parted given;
  Stream stream(given.late, to_string(given.end));
  CHECK(given.late.health()["waited"] == 1);
  const EventId next = given.publish(3);
  given.path.release();
  CHECK_THAT(stream.next(),
             StartsWith("id: " + to_string(given.end)) && Contains(R"("type":"connected")"));
  CHECK_THAT(stream.next(), StartsWith("id: " + to_string(next)));
  CHECK(given.late.health()["resets"] == 0);
  CHECK(given.late.health()["resumed"] == 1);
}

TEST_CASE("A cursor that no gateway gave out waits for the history and then gets its reset") {
  Parted given;
  const EventId beyond{given.end.epoch + GENERATE(0U, 1U), given.end.sequence + 7};
  Stream here(given.prompt, to_string(beyond));
  CHECK_THAT(here.next(), Contains(R"("type":"connected")"));
  CHECK_THAT(here.next(), Contains(R"("type":"reset")"));
  CHECK_THAT(here.next(), Contains(R"("type":"snapshot")"));

  Stream there(given.late, to_string(beyond));
  CHECK(given.late.health()["resets"] == 0);
  given.path.release();
  CHECK_THAT(there.next(), Contains(R"("type":"connected")"));
  CHECK_THAT(there.next(), Contains(R"("type":"reset")"));
  CHECK_THAT(there.next(), Contains(to_string(given.end)));
}

TEST_CASE(
    "A stream of a new history goes on at a gateway that has not noticed the old one's loss") {
  const RedisServer server;
  RedisGateway one(server.port());
  const auto publish = [&server](int number) {
    return std::get<EventId>(
        regstream::broker::publish_once(redis_at(server.port()), update_json(number)));
  };
  const EventId old = publish(1);
  Stream(one, to_string(old)).next();
  // It does not read again by itself from then on.
  while (one.health()["broker"]["connected"] != true) {
  }
  OtherProgram{server}.command({"FLUSHALL"});
  // Begins another history without notice.
  RedisGateway other(server.port());
  std::string greeting = Stream(other, to_string(old)).next();
  CHECK_THAT(greeting, Contains(R"("type":"connected")"));
  const std::string position = other.health()["history"]["position"];
  CHECK(one.health()["history"]["position"] == to_string(old));

  Stream stream(one, position);
  CHECK_THAT(stream.next(), StartsWith("id: " + position) && Contains(R"("type":"connected")"));
  CHECK(one.health()["history"]["position"] == position);
  CHECK_THAT(Stream(one, to_string(old)).next(), Contains(R"("type":"connected")"));
}
