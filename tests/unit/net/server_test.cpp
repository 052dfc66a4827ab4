#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "failing_allocation.hpp"
#include "net/server.hpp"
#include "net_client.hpp"
#include "net_running_server.hpp"

using namespace regstream::net;
namespace asio = boost::asio;

TEST_CASE("A connection is kept for the next request") {
  const RunningServer running;
  Client client(running.port());
  for (int count = 0; count < 3; ++count) {
    client.get("/hello");
    const std::string response = client.read_response();
    CHECK(status_of(response) == 200);
    CHECK(response.ends_with(R"("hello")"));
  }
}

TEST_CASE("Pipelined requests are answered one by one in order") {
  const RunningServer running;
  Client client(running.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1"
      "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n2\r\n0\r\n\r\n");
  CHECK(client.read_response().ends_with("\r\n\r\n1"));
  CHECK(client.read_response().ends_with(R"("hello")"));
  CHECK(client.read_response().ends_with("\r\n\r\n2"));
}

TEST_CASE("A request with Connection: close and one of HTTP/1.0 end the connection") {
  const RunningServer running;
  const std::string request =
      GENERATE(as<std::string>{}, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
               "GET /hello HTTP/1.0\r\n\r\n");
  Client client(running.port());
  client.send(request);
  CHECK(client.read_to_end().ends_with(R"("hello")"));
}

TEST_CASE("An answer may come from another thread") {
  const RunningServer running;
  Client client(running.port());
  client.get("/elsewhere");
  CHECK(client.read_response().ends_with(R"("from another thread")"));
}

TEST_CASE("A handler that throws costs a 500 but not the server") {
  const RunningServer running;
  Client client(running.port());
  client.get("/throws");
  CHECK(status_of(client.read_response()) == 500);
  CHECK(hello_status(client) == 200);
}

TEST_CASE("A handler may take the socket") {
  const RunningServer running;
  Client client(running.port());
  client.get("/raw");
  CHECK(client.read_to_end() == "raw bytes");
}

TEST_CASE(
    "Connections that come together are accepted together and others on the loop have turns") {
  asio::io_context context;
  const Router router;
  const Server server(context, router, {.address = "127.0.0.1", .port = 0});
  std::vector<std::unique_ptr<Client>> clients;
  while (clients.size() < 40) {
    clients.push_back(std::make_unique<Client>(server.port()));
  }
  // One handler each: what waits for a connection.
  std::vector<std::size_t> accepted;
  while (server.sessions() < clients.size() && context.run_one() == 1) {
    accepted.push_back(server.sessions());
  }
  CHECK(accepted == std::vector<std::size_t>{16, 32, 40});
}

TEST_CASE("A connection sends at once and the kernel buffers little") {
  asio::io_context context;
  Router router;
  bool has_no_delay = false;
  int unsent_bytes_max = 0;
  router.add(boost::beast::http::verb::get, "/taken", [&](Exchange exchange) {
    TakenConnection taken = exchange.take_connection();
    asio::ip::tcp::socket& socket = taken.transport.socket();
    asio::ip::tcp::no_delay no_delay;
    socket.get_option(no_delay);
    has_no_delay = no_delay.value();
    socklen_t size = sizeof unsent_bytes_max;
    getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max, &size);
    context.stop();
  });
  const Server server(context, router, {.address = "127.0.0.1", .port = 0});
  Client client(server.port());
  client.get("/taken");
  context.run();
  CHECK(has_no_delay);
  CHECK(unsent_bytes_max == 128 << 10);
}

TEST_CASE("Memory that runs out anywhere costs only the connection that needed it") {
  RunningServer running;
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

TEST_CASE("A stopping server closes idle connections and answers pending requests") {
  RunningServer running;
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

TEST_CASE("A stopping server does not wait for a client to close after its last response") {
  RunningServer running({.close_timeout = std::chrono::hours(1)});
  Client client(running.port());
  client.get("/hello", "Connection: close\r\n");
  CHECK(status_of(client.read_to_end()) == 200);
  running.stop();
  running.wait_for_end();
}

TEST_CASE("A port in use is an error that says what to do") {
  const RunningServer running;
  asio::io_context context;
  const Router router;
  const auto listen_again = [&] {
    const Server server(context, router, {.address = "127.0.0.1", .port = running.port()});
  };
  CHECK_THROWS_WITH(listen_again(), Catch::Contains("is in use") && Catch::Contains("--port") &&
                                        Catch::Contains(std::to_string(running.port())));
}

TEST_CASE("A malformed address is an error that says what to do") {
  asio::io_context context;
  const Router router;
  const auto listen = [&] {
    const Server server(context, router, {.address = "256.0.0.1", .port = 0});
  };
  CHECK_THROWS_WITH(listen(), Catch::Contains("256.0.0.1") && Catch::Contains("--address"));
}
