#include <regex>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "captured_log.hpp"
#include "net_client.hpp"
#include "net_running_server.hpp"

using namespace regstream::net;
namespace http = boost::beast::http;

namespace {

const std::string last = "Connection: close\r\n";

// A server that logs requests, and its log.
struct Logged {
  regstream::test::CapturedLog log;
  RunningServer server;

  explicit Logged(const ServerLimits& limits = {}) : server(limits, true) {}

  // A line is there once its client has read the next answer, or the end.
  std::string lines() {
    const std::string text = server.run_there([this] { return log.text(); });
    return std::regex_replace(text, std::regex("duration_ms=\\d+"), "duration_ms=N");
  }
  std::string wait_for(std::string_view mark) {
    std::string text;
    do {
      text = lines();
    } while (text.find(mark) == std::string::npos);
    return text;
  }
};

std::string line(std::string_view request, int status, std::size_t bytes) {
  return "info: request " + std::string(request) + " status=" + std::to_string(status) +
         " bytes=" + std::to_string(bytes) + " duration_ms=N\n";
}

}  // namespace

TEST_CASE("Each answer on a kept connection has its line") {
  Logged running;
  Client client(running.server.port());
  client.get("/hello?ticket=4711");
  std::string expected = line("method=GET route=/hello", 200, client.read_response().size());
  client.get("/elsewhere", "X-Secret: 4711\r\n");
  expected += line("method=GET route=/elsewhere", 200, client.read_response().size());
  client.get("/4711", last);
  expected += line("method=GET route=none", 404, client.read_to_end().size());
  CHECK(running.lines() == expected);
}

TEST_CASE("Pipelined requests have a line each in their order") {
  Logged running;
  Client client(running.server.port());
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n4711"
      "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"
      "DELETE /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string expected = line("method=POST route=/echo", 200, client.read_response().size());
  expected += line("method=HEAD route=/hello", 200, client.read_until("\r\n\r\n").size());
  expected += line("method=DELETE route=/hello", 405, client.read_to_end().size());
  CHECK(running.lines() == expected);
}

TEST_CASE("What is refused before it has a route has a line as well") {
  Logged running({.body_bytes_max = 10});
  const auto [status, method, request] = GENERATE(table<int, std::string, std::string>(
      {{400, "unknown", "4711\r\n\r\n"},
       {400, "GET", "GET /4711 HTTP/1.1\r\n\r\n"},
       {400, "POST", "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n"},
       {404, "unknown", "BREW /4711 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"},
       {413, "POST", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4711\r\n\r\n"},
       {421, "GET", "GET /hello HTTP/1.1\r\nHost: 4711.example\r\n\r\n"},
       {431, "GET",
        "GET /hello HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, '4') + "\r\n\r\n"}}));
  Client client(running.server.port());
  client.send(request);
  const std::string response = client.read_to_end();
  REQUIRE(status_of(response) == status);
  CHECK(running.lines() == line("method=" + method + " route=none", status, response.size()));
}

TEST_CASE("An offered upgrade that is not used changes nothing") {
  Logged running;
  Client client(running.server.port());
  client.get("/hello", "Connection: close, Upgrade\r\nUpgrade: websocket\r\n");
  const std::size_t bytes = client.read_to_end().size();
  CHECK(running.lines() == line("method=GET route=/hello", 200, bytes));
}

TEST_CASE("A handler's failure is the line of its 500") {
  Logged running;
  Client client(running.server.port());
  client.get("/throws", last);
  const std::size_t bytes = client.read_to_end().size();
  CHECK(running.lines().ends_with(line("method=GET route=/throws", 500, bytes)));
}

TEST_CASE("A request that breaks off is not answered and has no line") {
  Logged running;
  {
    Client leaving(running.server.port());
    leaving.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n471");
  }
  Client client(running.server.port());
  client.get("/hello", last);
  const std::size_t bytes = client.read_to_end().size();
  CHECK(running.lines() == line("method=GET route=/hello", 200, bytes));
}

TEST_CASE("A response that its client does not read to the end is logged as such") {
  Logged running;
  {
    Client leaving(running.server.port(), 4'096);
    leaving.get("/large");
    static_cast<void>(leaving.read_until("\r\n\r\n"));
  }
  const std::string text = running.wait_for("duration_ms=N\n");
  CHECK(text.starts_with("info: request cut off method=GET route=/large status=200 bytes="));
}

TEST_CASE("A taken connection has two lines whatever its owner forgets") {
  Logged running;
  Client client(running.server.port());
  client.get("/raw");
  CHECK(client.read_to_end() == "raw bytes");
  CHECK(running.lines() ==
        "info: stream opened method=GET route=/raw status=200\n"
        "info: stream ended route=/raw reason=failed bytes=0 duration_ms=N\n");
}

TEST_CASE("Responses are counted by status even if requests are not logged") {
  const regstream::test::CapturedLog log;
  RunningServer running({.connections_per_client_max = 1, .exempts_loopback = false});
  Client client(running.port());
  client.get("/hello");
  static_cast<void>(client.read_response());
  client.get("/kept");
  running.wait_for_kept();
  Client refused(running.port());
  CHECK(status_of(refused.read_to_end()) == 429);
  running.answer_kept();
  static_cast<void>(client.read_response());
  client.get("/nothing", last);
  static_cast<void>(client.read_to_end());
  CHECK(running.answers() == RequestLog::Counts{{http::status::ok, 2},
                                                {http::status::not_found, 1},
                                                {http::status::too_many_requests, 1}});
  CHECK(running.run_there([&log] { return log.text(); }).find("info: ") == std::string::npos);
}
