#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>
#include <regstream/broker/broker.hpp>

#include "gateway/gateway.hpp"
#include "gateway/health_routes.hpp"
#include "net/event_loop.hpp"
#include "net/server.hpp"
#include "net_client.hpp"

namespace regstream::gateway {

/// A history that the test controls. On the loop's thread only.
class DictatedBroker final : public broker::Broker {
 public:
  explicit DictatedBroker(boost::asio::io_context& loop,
                          const Workflow& workflow = registration_workflow())
      : Broker(workflow), context(loop) {}

  void publish(std::string message, std::string /*key*/, broker::PublishHandler done) override {
    ++position.sequence;
    subscriber->on_message(position, message);
    if (done) {
      done(position);
    }
  }
  void subscribe(broker::Subscriber& hears) override { subscriber = &hears; }
  void catch_up() override {
    ++catch_ups;
    if (catches_up) {
      boost::asio::post(context, [this] { subscriber->on_caught_up(); });
    }
  }
  [[nodiscard]] bool is_connected() const override { return true; }
  [[nodiscard]] broker::Obstacles obstacles() override { return found; }

  [[nodiscard]] std::string loss_reason() const override { return lost; }
  [[nodiscard]] std::optional<broker::ServerHealth> server_health() const override {
    return server;
  }

  void begin_history(EventId after) {
    position = after;
    subscriber->on_history(after);
  }

  boost::asio::io_context& context;
  broker::Subscriber* subscriber = nullptr;
  EventId position;
  broker::Obstacles found;
  std::string lost;
  std::optional<broker::ServerHealth> server;
  bool catches_up = true;  ///< If not, the test answers.
  int catch_ups = 0;       ///< How often it was asked.
};

/// Answers `HealthRoutes` for one loop with these gateways.
inline AskLoops ask_the_one_loop(std::vector<const Gateway*> gateways,
                                 const net::RefusedConnections& refused = {}) {
  return
      [gateways = std::move(gateways), refused](const std::function<void(const LoopFacts&)>& told) {
        LoopFacts facts;
        facts.server.refused = refused;
        for (const Gateway* const gateway : gateways) {
          facts.workflows.push_back(read_facts(gateway->pump()));
        }
        told(facts);
      };
}

struct RunningOptions {
  hub::StreamPumpOptions streams = {};
};

/// A gateway on a real socket with a live and empty history. It runs on a thread of its own until
/// the end of the test.
class RunningGateway {
 public:
  static constexpr std::uint64_t epoch = 1'702'492'000'000;

  explicit RunningGateway(RunningOptions options = {}, EventId position = {epoch, 0})
      : server_(context_, router_, {.address = "127.0.0.1", .port = 0}),
        gateway_(context_, broker_, std::move(options.streams)),
        health_({&broker_}, ask_the_one_loop({&gateway_}), {}) {
    gateway_.add_to(router_, access::open_guard());
    health_.add_to(router_, access::open_guard());
    broker_.begin_history(position);
    broker_.subscriber->on_live();
    thread_ = std::thread([this] { net::run(context_); });
  }
  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;
  ~RunningGateway() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// Runs `action` within one turn of the gateway's loop, and returns after it.
  void run(const std::function<void(DictatedBroker&)>& action) {
    std::promise<void> done;
    boost::asio::post(context_, [this, &action, &done] {
      action(broker_);
      done.set_value();
    });
    done.get_future().wait();
  }

  void publish(const std::string& message) {
    run([&message](DictatedBroker& broker) { broker.publish(message, {}, {}); });
  }

  /// Publishes all within one turn of the gateway's loop.
  void publish_at_once(const std::vector<std::string>& messages) {
    run([&messages](DictatedBroker& broker) {
      for (const std::string& message : messages) {
        broker.publish(message, {}, {});
      }
    });
  }

  static std::string id(std::uint64_t sequence) {
    return to_string(EventId{.epoch = epoch, .sequence = sequence});
  }

  /// Begins to drain; the future is there when the last stream has ended.
  std::future<void> drain() {
    auto drained = std::make_shared<std::promise<void>>();
    boost::asio::post(context_, [this, drained] {
      gateway_.drain(Duration::zero(), [drained] { drained->set_value(); });
    });
    return drained->get_future();
  }

  [[nodiscard]] nlohmann::json health() const {
    net::Client client(port());
    client.get("/api/health", "Connection: close\r\n");
    const std::string response = client.read_to_end();
    return nlohmann::json::parse(response.substr(response.find("\r\n\r\n") + 4));
  }

  /// Requests the health until `subscribers` are left, at most a few thousand times.
  [[nodiscard]] bool has_subscribers(std::size_t subscribers) const {
    for (int attempt = 0; attempt < 5'000; ++attempt) {
      if (health().at("subscribers") == subscribers) {
        return true;
      }
    }
    return false;
  }

 private:
  boost::asio::io_context context_{1};
  DictatedBroker broker_{context_};
  net::Router router_;
  net::Server server_;
  Gateway gateway_;
  HealthRoutes health_;
  std::thread thread_;
};

/// A client of the stream, which has read the head and `connected`.
class StreamClient : public net::Client {
 public:
  explicit StreamClient(const RunningGateway& gateway, std::string_view query = {},
                        int receive_buffer = 0, std::string_view fields = {})
      : Client(gateway.port(), receive_buffer) {
    get("/api/registrations/updates/stream" + std::string(query), fields);
    head = read_head();
    greeting = read_until("\n: ");  // retry, and the first heartbeat
    greeting += read_until("\n");
    connected = next();
    greeting += last_event;
  }

  /// The next event's data. Its id, if it has one, is then `last_id`.
  nlohmann::json next() {
    last_event = read_until("\n\n");
    if (last_event.starts_with("id: ")) {
      last_id = last_event.substr(4, last_event.find('\n') - 4);
    }
    return nlohmann::json::parse(last_event.substr(last_event.find("data: ") + 6));
  }

  std::string head;
  std::string greeting;
  nlohmann::json connected;
  std::string last_event;
  std::string last_id;
};

}  // namespace regstream::gateway
