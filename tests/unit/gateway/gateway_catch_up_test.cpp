#include <string>

#include <catch2/catch.hpp>

#include "gateway_running.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

std::string update_of(std::int64_t registration_id) {
  return nlohmann::json{{"registrationId", registration_id}, {"status", "APPROVED"}}.dump();
}

/// Resumes after `id`, and has read only the reconnection time.
struct WaitingClient : net::Client {
  WaitingClient(const RunningGateway& gateway, const std::string& id) : Client(gateway.port()) {
    get("/api/registrations/updates/stream", "Last-Event-ID: " + id + "\r\n");
    read_head();
    read_until(": heartbeat 10000\n");
  }
};

}  // namespace

TEST_CASE("A stream whose cursor is ahead gets connected when the broker has caught up") {
  RunningGateway gateway;
  gateway.run([](DictatedBroker& broker) { broker.catches_up = false; });
  WaitingClient first(gateway, RunningGateway::id(1));
  WaitingClient second(gateway, RunningGateway::id(9));
  // Each waits, whether its request came before or after the read began.
  CHECK(gateway.health()["waited"] == 2);
  CHECK(gateway.health()["resets"] == 0);
  gateway.publish(update_of(42));
  gateway.publish(update_of(42));
  gateway.run([](DictatedBroker& broker) {
    CHECK(broker.catch_ups == 1);
    broker.catches_up = true;
    broker.subscriber->on_caught_up();
  });
  CHECK_THAT(first.read_until("\n\n"), Catch::StartsWith("id: " + RunningGateway::id(1)) &&
                                           Catch::Contains(R"("type":"connected")"));
  CHECK_THAT(first.read_until("\n\n"), Catch::StartsWith("id: " + RunningGateway::id(2)));
  // The next read starts by itself.
  CHECK_THAT(second.read_until("\n\n"), Catch::Contains(R"("type":"connected")"));
  CHECK_THAT(second.read_until("\n\n"), Catch::StartsWith("id: " + RunningGateway::id(2)) &&
                                            Catch::Contains(R"("type":"reset")"));
  CHECK(gateway.health()["resets"] == 1);
}

TEST_CASE("A stream that waits for the broker can be drained") {
  RunningGateway gateway;
  gateway.run([](DictatedBroker& broker) { broker.catches_up = false; });
  WaitingClient client(gateway, RunningGateway::id(1));
  auto drained = gateway.drain();
  CHECK_THAT(client.read_to_end(), Catch::StartsWith("retry: "));
  CHECK(client.has_whole_body());
  drained.get();
}
