#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>

#include "failing_allocation.hpp"
#include "net/event_loop.hpp"
#include "net/server.hpp"
#include "net_client.hpp"

using namespace regstream::net;
namespace asio = boost::asio;
namespace http = boost::beast::http;

namespace {

constexpr std::size_t large_bytes = 4U << 20U;

// A server that runs on a thread of its own until the end of the test.
class Running {
 public:
  explicit Running(const ServerLimits& limits = {}) {
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
      asio::ip::tcp::socket socket = exchange.take_connection().socket;
      asio::write(socket, asio::buffer("raw bytes", 9));
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
                      .allowed_hosts = AllowedHosts({{.host = "x"}, {.host = "y"}})});
    thread_ = std::thread([this] { run(context_); });
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() {
    context_.stop();
    if (thread_.joinable()) {
      thread_.join();
    }
    if (elsewhere_) {
      elsewhere_->join();
    }
  }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  /// Runs `action` on the server's thread, and comes back after it.
  template <typename Action>
  auto run_there(Action action) {
    std::packaged_task<decltype(action())()> task(std::move(action));
    auto result = task.get_future();
    asio::post(context_, std::move(task));
    return result.get();
  }
  void wait_for_kept() const { arrived_.wait(false); }
  void answer_kept() { kept_->respond_json(http::status::ok, R"("at last")"); }
  void stop() {
    asio::post(context_, [this] { server_->stop([this] { context_.stop(); }); });
  }
  void wait_for_end() { thread_.join(); }

 private:
  asio::io_context context_{1};
  Router router_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Exchange> kept_;
  std::atomic<bool> arrived_ = false;
  std::optional<std::thread> elsewhere_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("A connection is kept for the next request") {
  const Running running;
  Client client(running.port());
  for (int count = 0; count < 3; ++count) {
    client.get("/hello");
    const std::string response = client.read_response();
    CHECK(status_of(response) == 200);
    CHECK(response.ends_with(R"("hello")"));
  }
}

TEST_CASE("Pipelined requests are answered one by one, in order") {
  const Running running;
  Client client(running.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
      "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n");
  CHECK(client.read_response().ends_with("\r\n\r\n1"));
  CHECK(client.read_response().ends_with(R"("hello")"));
  CHECK(client.read_response().ends_with("\r\n\r\n2"));
}

TEST_CASE("A request that asks for it, and one of HTTP/1.0, ends the connection") {
  const Running running;
  const std::string request =
      GENERATE(as<std::string>{}, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
               "GET /hello HTTP/1.0\r\n\r\n");
  Client client(running.port());
  client.send(request);
  CHECK(client.read_to_end().ends_with(R"("hello")"));
}

TEST_CASE("An answer may come from another thread") {
  const Running running;
  Client client(running.port());
  client.get("/elsewhere");
  CHECK(client.read_response().ends_with(R"("from another thread")"));
}

TEST_CASE("A handler that throws costs a 500, and not the server") {
  const Running running;
  Client client(running.port());
  client.get("/throws");
  CHECK(status_of(client.read_response()) == 500);
  client.get("/hello");
  CHECK(status_of(client.read_response()) == 200);
}

TEST_CASE("A handler may take the socket") {
  const Running running;
  Client client(running.port());
  client.get("/raw");
  CHECK(client.read_to_end() == "raw bytes");
}

TEST_CASE("What is no HTTP is answered 400, and the connection ends") {
  const Running running;
  const std::string bytes = GENERATE(
      as<std::string>{}, "garbage\r\n\r\n", "\x16\x03\x01\x02\r\n\r\n", "GET /hello\r\n\r\n",
      "GET /hello HTTP/3.0\r\n\r\n", "GET /hello HTTP/1.1\r\nHost x\r\n\r\n",
      "GET /hello HTTP/1.1\r\n\r\n", "GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  INFO(bytes);
  Client client(running.port());
  client.send(bytes);
  const std::string response = client.read_to_end();
  CHECK(status_of(response) == 400);
  CHECK(response.find("Content-Type: application/problem+json") != std::string::npos);
}

TEST_CASE("A body in an encoding that is not understood is not read as the next request") {
  const Running running;
  const std::string encoding =
      GENERATE(as<std::string>{}, "gzip", "chunked, gzip", "identity", "xchunked", "chunked;a=b");
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + encoding +
              "\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string responses = client.read_to_end();
  CHECK(status_of(responses) == 400);
  CHECK(responses.find("hello") == std::string::npos);
}

TEST_CASE("Empty lines before a request are ignored, some of them") {
  const Running running;
  Client client(running.port());
  client.send("\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET /hello HTTP/1.1\r\n");
  CHECK(status_of(client.read_response()) == 200);
  client.send("Host: x\r\n\r\n\r");
  CHECK(status_of(client.read_response()) == 200);
  client.send("\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(status_of(client.read_response()) == 200);

  Client only_empty(running.port());
  only_empty.send("\r\n\r\n\r\n\r\n\r\n\r\n");
  CHECK(status_of(only_empty.read_to_end()) == 400);
}

TEST_CASE("Trailer fields stay out of the header") {
  const Running running;
  Client client(running.port());
  client.send(
      "POST /fields HTTP/1.1\r\nHost: x\r\nX-Header: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "2\r\nab\r\n0\r\nX-Trailer: 2\r\nX-Header: 3\r\n\r\n");
  CHECK(client.read_response().ends_with("\r\n\r\n,1,ab"));
  client.get("/hello");
  CHECK(status_of(client.read_response()) == 200);
}

TEST_CASE("A chunk's extensions and a trailer section that do not end are refused") {
  const Running running;
  const std::string begun =
      GENERATE(as<std::string>{}, "1;", "1;a=\"", "0\r\n", "0\r\nX: ", "1\r\na\r\n0;");
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + begun +
              std::string(100'000, 'a'));
  CHECK(status_of(client.read_to_end()) == 400);
}

TEST_CASE("A header of very many fields is refused before it has ended") {
  const Running running;
  Client client(running.port());
  std::string fields;
  for (int count = 0; count < 200; ++count) {
    fields += "a:\r\n";
  }
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n" + fields);
  CHECK(status_of(client.read_to_end()) == 431);
}

TEST_CASE("Memory that runs out, wherever it does, costs the connection that it runs out for") {
  Running running;
  int failures = 0;
  for (bool has_failed = true; has_failed; failures += has_failed ? 1 : 0) {
    running.run_there([failures] { regstream::fail_allocation_after(failures); });
    {
      Client client(running.port());
      client.send(
          "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
          "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
      const std::string response = client.read_to_end();
      INFO(failures << ": " << response);
      CHECK((response.empty() || status_of(response) == 500 || response.ends_with("abc")));
    }
    has_failed = running.run_there([] { return regstream::end_failing_allocation(); });
    Client next(running.port());
    next.get("/hello");
    REQUIRE(status_of(next.read_response()) == 200);
  }
  CHECK(failures > 10);
}

TEST_CASE("A target that is no path is answered 400, and the connection goes on") {
  const Running running;
  Client client(running.port());
  client.get("/%00");
  CHECK(status_of(client.read_response()) == 400);
  client.get("/hello");
  CHECK(status_of(client.read_response()) == 200);
}

TEST_CASE("A header beyond the limit is answered 431") {
  const Running running;
  Client client(running.port());
  client.get("/hello", "X: " + std::string(100'000, 'a') + "\r\n");
  CHECK(status_of(client.read_to_end()) == 431);
}

TEST_CASE("A body beyond the limit is answered 413, announced or not") {
  const Running running({.body_bytes_max = 1'000});
  Client announced(running.port());
  announced.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n" +
                 std::string(2'000'000, 'a'));
  CHECK(status_of(announced.read_to_end()) == 413);

  Client chunked(running.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
               std::string(2'000, 'a') + "\r\n0\r\n\r\n");
  CHECK(status_of(chunked.read_to_end()) == 413);

  Client largest(running.port());
  largest.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" +
               std::string(1'000, 'a'));
  CHECK(status_of(largest.read_response()) == 200);
}

TEST_CASE("A client that asks before it sends its body is told to go on") {
  const Running running;
  Client client(running.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  CHECK(client.read_response().ends_with("\r\n\r\nok"));
}

TEST_CASE("A client that never finishes its request is cut off") {
  const Running running({.read_timeout = std::chrono::milliseconds(100)});
  const std::string begun =
      GENERATE(as<std::string>{}, "", "GET /hello HTTP/1.1\r\nHost:",
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  Client client(running.port());
  client.send(begun);
  CHECK(client.read_to_end().empty());
}

TEST_CASE("One connection too many takes the place of the one that has waited longest") {
  const Running running({.sessions_max = 2});
  Client oldest(running.port());
  oldest.get("/hello");
  CHECK(status_of(oldest.read_response()) == 200);
  Client younger(running.port());
  younger.get("/hello");
  CHECK(status_of(younger.read_response()) == 200);

  Client newcomer(running.port());
  newcomer.get("/hello");
  CHECK(status_of(newcomer.read_response()) == 200);
  CHECK(oldest.read_to_end().empty());
  younger.get("/hello");
  CHECK(status_of(younger.read_response()) == 200);
}

TEST_CASE("Whoever holds a connection in any state gives way to a newcomer") {
  const Running running({.discarded_bytes_max = 100U << 20U, .sessions_max = 4});
  const std::string begun = GENERATE(
      as<std::string>{}, "", "GET /hello HTTP/1.1\r\nHost:",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc",
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
      "GET /large HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  INFO(begun);
  std::vector<std::unique_ptr<Client>> holders;
  for (int count = 0; count < 12; ++count) {
    holders.push_back(std::make_unique<Client>(running.port(), 4'096));
    holders.back()->send(begun);
  }
  Client newcomer(running.port());
  newcomer.get("/hello");
  CHECK(status_of(newcomer.read_response()) == 200);
}

TEST_CASE("Bodies have so much memory together, and one that stalls gives its own up") {
  const Running running(
      {.body_bytes_max = 1'000, .held_bytes_max = 1'500, .stalled_after = regstream::Duration{0}});
  Client stalled(running.port());
  stalled.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
  CHECK(stalled.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  Client other(running.port());
  other.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" +
             std::string(1'000, 'a'));
  CHECK(status_of(other.read_response()) == 200);
  CHECK(stalled.read_to_end().empty());
}

TEST_CASE("A body for which there is no memory is refused with when to come back") {
  const Running running({.held_bytes_max = 500});
  Client client(running.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 501\r\n\r\n");
  const std::string announced = client.read_to_end();
  CHECK(status_of(announced) == 503);
  CHECK(announced.find("Retry-After: 1\r\n") != std::string::npos);

  Client chunked(running.port());
  chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1f5\r\n" +
               std::string(501, 'a'));
  CHECK(status_of(chunked.read_to_end()) == 503);
}

TEST_CASE("One client has so many connections, and a newer takes the place of its own") {
  Running running({.connections_per_client_max = 2, .exempts_loopback = false});
  Client first(running.port());
  first.get("/hello");
  CHECK(status_of(first.read_response()) == 200);
  Client second(running.port());
  second.get("/hello");
  CHECK(status_of(second.read_response()) == 200);
  Client third(running.port());
  third.get("/hello");
  CHECK(status_of(third.read_response()) == 200);
  CHECK(first.read_to_end().empty());
}

TEST_CASE("A client whose connections are all being answered gets 429, until one is") {
  Running running({.connections_per_client_max = 1, .exempts_loopback = false});
  Client first(running.port());
  first.get("/kept");
  running.wait_for_kept();
  Client second(running.port());
  const std::string refused = second.read_to_end();
  CHECK(status_of(refused) == 429);
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  running.answer_kept();
  CHECK(first.read_response().ends_with(R"("at last")"));
  Client third(running.port());
  third.get("/hello");
  CHECK(status_of(third.read_response()) == 200);
}

TEST_CASE("Loopback peers are not counted, since a proxy may be one") {
  Running running({.connections_per_client_max = 1});
  Client first(running.port());
  first.get("/kept");
  running.wait_for_kept();
  Client second(running.port());
  second.get("/hello");
  CHECK(status_of(second.read_response()) == 200);
  running.answer_kept();
}

TEST_CASE("Where all are being answered one connection too many is refused, until there is room") {
  Running running({.sessions_max = 1});
  Client first(running.port());
  first.get("/kept");
  running.wait_for_kept();
  Client second(running.port());
  CHECK(status_of(second.read_to_end()) == 503);

  running.answer_kept();
  int status = 0;
  for (int attempt = 0; attempt < 1'000 && status != 200; ++attempt) {
    Client next(running.port());
    next.get("/hello", "Connection: close\r\n");
    status = status_of(next.read_to_end());
  }
  CHECK(status == 200);
}

TEST_CASE("A server that stops closes idle connections, and answers what it was asked") {
  Running running;
  Client idle(running.port());
  idle.get("/hello");
  static_cast<void>(idle.read_response());
  Client busy(running.port());
  busy.get("/kept");
  running.wait_for_kept();

  running.stop();
  CHECK(idle.read_to_end().empty());
  running.answer_kept();
  const std::string response = busy.read_to_end();
  CHECK(response.ends_with(R"("at last")"));
  CHECK(response.find("Connection: close") != std::string::npos);
  busy.close();
  running.wait_for_end();
}

TEST_CASE("A server that stops does not wait for a client that has its last answer to close") {
  Running running({.close_timeout = std::chrono::hours(1)});
  Client client(running.port());
  client.get("/hello", "Connection: close\r\n");
  CHECK(status_of(client.read_to_end()) == 200);
  running.stop();
  running.wait_for_end();
}

TEST_CASE("A port that is taken is an error that says what to do") {
  const Running running;
  asio::io_context context;
  const Router router;
  const auto listen_again = [&] {
    const Server server(context, router, {.address = "127.0.0.1", .port = running.port()});
  };
  CHECK_THROWS_WITH(listen_again(), Catch::Contains("is taken") && Catch::Contains("--port") &&
                                        Catch::Contains(std::to_string(running.port())));
}

TEST_CASE("An address that is none is an error that says what to do") {
  asio::io_context context;
  const Router router;
  const auto listen = [&] {
    const Server server(context, router, {.address = "256.0.0.1", .port = 0});
  };
  CHECK_THROWS_WITH(listen(), Catch::Contains("256.0.0.1") && Catch::Contains("--address"));
}
