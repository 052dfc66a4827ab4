#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include "net/event_loop.hpp"
#include "net/server.hpp"
#include "net_client.hpp"

namespace regstream::net {

inline constexpr std::size_t large_bytes = 4U << 20U;

/// A server that runs on a thread of its own until the end of the test.
class RunningServer {
 public:
  explicit RunningServer(const ServerLimits& limits = {}, bool logs_requests = false,
                         AddressBlocks trusted_proxies = {}) {
    namespace http = boost::beast::http;
    router_.add(http::verb::get, "/hello",
                [](Exchange exchange) { exchange.respond_json(http::status::ok, R"("hello")"); });
    router_.add(http::verb::post, "/echo", [](Exchange exchange) {
      std::string body = exchange.request().body();
      exchange.respond_json(http::status::ok, std::move(body));
    });
    router_.add(http::verb::get, "/large", [](Exchange exchange) {
      exchange.respond_json(http::status::ok, std::string(large_bytes, 'x'));
    });
    router_.add(http::verb::post, "/fields", [](Exchange exchange) {
      const Request& request = exchange.request();
      exchange.respond_json(http::status::ok, std::string(request["X-Trailer"]) + "," +
                                                  std::string(request["X-Header"]) + "," +
                                                  request.body());
    });
    router_.add(http::verb::get, "/throws", [](const Exchange&) { throw std::runtime_error("x"); });
    router_.add(http::verb::get, "/raw", [](Exchange exchange) {
      boost::asio::ip::tcp::socket socket =
          std::move(exchange.take_connection().transport.socket());
      boost::asio::write(socket, boost::asio::buffer("raw bytes", 9));
    });
    router_.add(http::verb::get, "/elsewhere", [this](Exchange exchange) {
      elsewhere_.emplace([exchange = std::make_shared<Exchange>(std::move(exchange))]() mutable {
        exchange->respond_json(http::status::ok, R"("from another thread")");
        exchange.reset();
      });
    });
    router_.add(http::verb::get, "/kept", [this](Exchange exchange) {
      kept_ = std::make_unique<Exchange>(std::move(exchange));
      arrived_.store(true);
      arrived_.notify_all();
    });
    server_ = std::make_unique<Server>(
        context_, router_,
        ServerOptions{.address = "127.0.0.1",
                      .port = 0,
                      .limits = limits,
                      .allowed_hosts = AllowedHosts({{.host = "x"}, {.host = "y"}}),
                      .trusted_proxies = std::move(trusted_proxies),
                      .logs_requests = logs_requests});
    thread_ = std::thread([this] { run(context_); });
  }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;
  ~RunningServer() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
    if (elsewhere_) {
      elsewhere_->join();
    }
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Runs `action` on the server's thread, and returns after it.
  template <typename Action>
  auto run_there(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto result = task.get_future();
    boost::asio::post(context_, std::move(task));
    return result.get();
  }
  [[nodiscard]] RefusedConnections refused() {
    return run_there([this] { return server_->refused(); });
  }
  [[nodiscard]] RequestLog::Counts answers() {
    return run_there([this] { return server_->answers(); });
  }
  void wait_for_kept() const { arrived_.wait(false); }
  void answer_kept() { kept_->respond_json(boost::beast::http::status::ok, R"("at last")"); }
  void stop() {
    boost::asio::post(context_, [this] { server_->stop([this] { context_.stop(); }); });
  }
  void wait_for_end() { thread_.join(); }

 private:
  boost::asio::io_context context_{1};
  Router router_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Exchange> kept_;
  std::atomic<bool> arrived_ = false;
  std::optional<std::thread> elsewhere_;
  std::thread thread_;
};

/// Requests a running server's "/hello" on this connection, and returns the response's status.
inline int hello_status(Client& client) {
  client.get("/hello");
  return status_of(client.read_response());
}

}  // namespace regstream::net
