#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "broker/embedded_broker.hpp"
#include "gateway/gateway.hpp"
#include "net/server.hpp"
#include "net_client.hpp"

namespace regstream::gateway {

/// A gateway on the embedded broker and a real socket, on a thread of its own until the end of the
/// test.
class RunningGateway {
 public:
  explicit RunningGateway(GatewayOptions options = {})
      : broker_(context_),
        server_(context_, router_, {.address = "127.0.0.1", .port = 0}),
        gateway_(context_, broker_, std::move(options)) {
    gateway_.add_routes(router_);
    thread_ = std::thread([this] { context_.run(); });
  }
  RunningGateway(const RunningGateway&) = delete;
  RunningGateway& operator=(const RunningGateway&) = delete;
  ~RunningGateway() {
    context_.stop();
    thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// Comes back when every stream has been given the message.
  void publish(std::string message) {
    std::promise<void> published;
    broker_.publish(std::move(message), [&published](const auto&) { published.set_value(); });
    published.get_future().wait();
  }

  /// Publishes all within one turn of the gateway's loop.
  void publish_at_once(const std::vector<std::string>& messages) {
    boost::asio::post(context_, [this, messages] {
      for (const std::string& message : messages) {
        broker_.publish(message, {});
      }
    });
  }

  /// Begins to drain; the future is there when the last stream has ended.
  std::future<void> drain() {
    auto drained = std::make_shared<std::promise<void>>();
    boost::asio::post(context_,
                      [this, drained] { gateway_.drain([drained] { drained->set_value(); }); });
    return drained->get_future();
  }

  [[nodiscard]] nlohmann::json health() const {
    net::Client client(port());
    client.get("/api/health", "Connection: close\r\n");
    const std::string response = client.read_to_end();
    return nlohmann::json::parse(response.substr(response.find("\r\n\r\n") + 4));
  }

  /// Asks for the health until `subscribers` are left, some thousand times at most.
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
  broker::EmbeddedBroker broker_;
  net::Router router_;
  net::Server server_;
  Gateway gateway_;
  std::thread thread_;
};

/// A client of the stream, which has read the head and `connected`.
class StreamClient : public net::Client {
 public:
  explicit StreamClient(const RunningGateway& gateway, std::string_view query = {},
                        int receive_buffer = 0)
      : Client(gateway.port(), receive_buffer) {
    get("/api/registrations/updates/stream" + std::string(query));
    head = read_until("\r\n\r\n");
    greeting = read_until("\n\n");   // retry
    greeting += read_until("\n\n");  // connected
  }

  /// The next event's data.
  nlohmann::json next() {
    const std::string event = read_until("\n\n");
    return nlohmann::json::parse(event.substr(event.find("data: ") + 6));
  }

  std::string head;
  std::string greeting;
};

}  // namespace regstream::gateway
