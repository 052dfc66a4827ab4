// A gateway with several loops and sockets: what each loop has, and what they exchange.
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "access/guard.hpp"
#include "broker/history_relay.hpp"
#include "gateway/gateway.hpp"
#include "gateway_running.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net_client.hpp"
#include "running_loops.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

constexpr const char* stream = "/api/registrations/updates/stream";

/// Each loop has a port of its own here, so that a test says whose stream it opens.
class GatewayOnLoops {
 public:
  explicit GatewayOnLoops(std::size_t count, std::size_t streams_max = 100)
      : running(count), broker_(running.loops.first()) {
    hub::StreamPumpOptions options;
    options.streams = std::make_shared<hub::StreamCount>(streams_max);
    std::vector<boost::asio::io_context*> contexts;
    for (std::size_t loop = 0; loop < count; ++loop) {
      contexts.push_back(&running.loops[loop]);
    }
    relay_ = std::make_unique<broker::HistoryRelay>(broker_, contexts);
    for (std::size_t loop = 0; loop < count; ++loop) {
      routers_.push_back(std::make_unique<net::Router>());
      servers_.push_back(
          std::make_unique<net::Server>(running.loops[loop], *routers_[loop],
                                        net::ServerOptions{.address = "127.0.0.1", .port = 0}));
      gateways_.push_back(std::make_unique<Gateway>(running.loops[loop], relay_->feed(loop),
                                                    options,
                                                    LoopPlace{.index = loop, .count = count}));
      gateways_[loop]->add_to(*routers_[loop], access::open_guard());
    }
    routers_[0]->add(boost::beast::http::verb::get, "/thread", [this](net::Exchange exchange) {
      answered_on = std::this_thread::get_id();
      exchange.respond_json(boost::beast::http::status::ok, "{}");
    });
    for (std::size_t loop = 1; loop < count; ++loop) {
      routers_[loop]->forward_to(*routers_[0], running.loops.first());
    }
    running.begin();
    run([](DictatedBroker& broker) {
      broker.begin_history({RunningGateway::epoch, 0});
      broker.subscriber->on_live();
    });
  }
  ~GatewayOnLoops() { running.end(); }

  [[nodiscard]] std::uint16_t port(std::size_t loop) const { return servers_[loop]->port(); }
  void run(const std::function<void(DictatedBroker&)>& action) {
    running.on(0, [&] { action(broker_); });
  }
  [[nodiscard]] StreamFacts facts() {
    std::promise<StreamFacts> told;
    running.on(0, [&] {
      running.loops.ask_each(
          [this](std::size_t loop) { return read_facts(gateways_[loop]->pump()); },
          [&told](std::vector<StreamFacts> all) {
            for (std::size_t loop = 1; loop < all.size(); ++loop) {
              all.front() += all[loop];
            }
            told.set_value(std::move(all.front()));
          });
    });
    return told.get_future().get();
  }

  test::RunningLoops running;
  std::thread::id answered_on;

 private:
  DictatedBroker broker_;
  std::unique_ptr<broker::HistoryRelay> relay_;
  std::vector<std::unique_ptr<net::Router>> routers_;
  std::vector<std::unique_ptr<net::Server>> servers_;
  std::vector<std::unique_ptr<Gateway>> gateways_;
};

std::string id_line(std::uint64_t sequence) {
  return "id: " + RunningGateway::id(sequence) + "\n";
}

}  // namespace

TEST_CASE("streams of every loop get every update once and in order") {
  constexpr std::size_t loops = 3;
  constexpr std::uint64_t updates = 300;
  GatewayOnLoops gateway(loops);
  std::vector<std::unique_ptr<net::Client>> clients;
  for (std::size_t client = 0; client < 2 * loops; ++client) {
    clients.push_back(std::make_unique<net::Client>(gateway.port(client % loops)));
    clients.back()->get(stream);
    clients.back()->read_until("\"connected\"");
  }
  for (std::uint64_t update = 0; update < updates; ++update) {
    gateway.run([](DictatedBroker& broker) {
      broker.publish(R"({"registrationId":42,"status":"PENDING","message":"one of many"})", {}, {});
    });
  }
  for (const auto& client : clients) {
    const std::string text = client->read_until(id_line(updates));
    std::size_t at = 0;
    for (std::uint64_t update = 1; update <= updates; ++update) {
      at = text.find(id_line(update), at);
      REQUIRE(at != std::string::npos);
    }
    CHECK(text.find("\"reset\"") == std::string::npos);
  }
  const StreamFacts facts = gateway.facts();
  CHECK(facts.open == 2 * loops);
  CHECK(facts.counters.deliveries == 2 * loops * updates);
  CHECK(facts.counters.published == updates);
  CHECK(facts.journal_messages == updates);
  CHECK(facts.is_live);
}

TEST_CASE("a cursor from another loop waits until this one has caught up") {
  GatewayOnLoops gateway(2);
  gateway.run([](DictatedBroker& broker) { broker.catches_up = false; });
  net::Client client(gateway.port(1));
  client.get(std::string(stream) + "?lastEventId=" + RunningGateway::id(2));
  // Its loop requests a catch-up once the request has come.
  int asked = 0;
  while (asked == 0) {
    gateway.run([&](DictatedBroker& broker) { asked = broker.catch_ups; });
  }
  gateway.run([](DictatedBroker& broker) {
    for (int update = 0; update < 3; ++update) {
      broker.publish(R"({"registrationId":42,"status":"PENDING"})", {}, {});
    }
    broker.subscriber->on_caught_up();
  });
  const std::string text = client.read_until(id_line(3));
  CHECK(text.find(id_line(1)) == std::string::npos);
  CHECK(text.find("\"reset\"") == std::string::npos);
}

TEST_CASE("the limit of streams counts the streams of all loops") {
  GatewayOnLoops gateway(2, 2);
  net::Client first(gateway.port(0));
  net::Client second(gateway.port(1));
  for (net::Client* const client : {&first, &second}) {
    client->get(stream);
    client->read_until("\"connected\"");
  }
  for (const std::size_t loop : {0U, 1U}) {
    net::Client third(gateway.port(loop));
    third.get(stream);
    CHECK(third.read_until("\r\n").find("503") != std::string::npos);
  }
  CHECK(gateway.facts().refused == 2);
}

TEST_CASE("requests without a route on a loop are answered by the first one") {
  GatewayOnLoops gateway(2);
  const auto first = gateway.running.on(0, [] { return std::this_thread::get_id(); });
  net::Client client(gateway.port(1));
  for (int request = 0; request < 3; ++request) {
    client.get("/thread");
    CHECK(client.read_until("{}").find("200 OK") != std::string::npos);
  }
  CHECK(gateway.running.on(0, [&] { return gateway.answered_on; }) == first);
  client.get("/nowhere", "Connection: close\r\n");
  CHECK(client.read_until("\r\n").find("404") != std::string::npos);
}
