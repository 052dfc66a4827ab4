#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "net_client.hpp"
#include "net_running_server.hpp"

using namespace regstream::net;

namespace {

/// A server behind a proxy, which this machine plays.
class ProxiedServer : public RunningServer {
 public:
  explicit ProxiedServer(const ServerLimits& limits)
      : RunningServer(limits, false, {AddressBlock::parse("127.0.0.1").value()}) {}
};

void ask_for(Client& proxy, const std::string& client, std::string_view path = "/hello") {
  proxy.get(path, "X-Forwarded-For: " + client + "\r\n");
}

/// A request whose body does not come, once the server has its head.
void hold_for(Client& proxy, const std::string& client) {
  proxy.send("POST /echo HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + client +
             "\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  CHECK(proxy.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
}

}  // namespace

TEST_CASE("A client that never finishes its request is cut off") {
  const RunningServer running({.read_timeout = std::chrono::milliseconds(100)});
  const std::string begun =
      GENERATE(as<std::string>{}, "", "GET /hello HTTP/1.1\r\nHost:",
               "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  Client client(running.port());
  client.send(begun);
  CHECK(client.read_to_end().empty());
}

TEST_CASE("One connection too many takes the place of the one that has waited longest") {
  const RunningServer running({.sessions_max = 2});
  Client oldest(running.port());
  CHECK(hello_status(oldest) == 200);
  Client younger(running.port());
  CHECK(hello_status(younger) == 200);

  Client newcomer(running.port());
  CHECK(hello_status(newcomer) == 200);
  CHECK(oldest.read_to_end().empty());
  CHECK(hello_status(younger) == 200);
}

TEST_CASE("A connection that is held in any state gives way to a new one") {
  const RunningServer running({.discarded_bytes_max = 100U << 20U, .sessions_max = 4});
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
  CHECK(hello_status(newcomer) == 200);
}

TEST_CASE("Bodies share a limit of memory and the slowest gives way") {
  const RunningServer running({.body_bytes_max = 1'000,
                               .held_bytes_max = 1'500,
                               .uncounted_bytes_max = 0,
                               .grace = regstream::Duration{0}});
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

TEST_CASE("A slow reader of large responses gives way to other bodies") {
  const RunningServer running({.held_bytes_max = large_bytes, .grace = regstream::Duration{0}});
  Client slow(running.port(), 4'096);
  slow.get("/large");
  CHECK(slow.read_until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  Client other(running.port());
  other.get("/large");
  CHECK(other.read_response().ends_with(std::string(large_bytes, 'x')));
  CHECK(slow.read_to_end().size() < large_bytes);
}

TEST_CASE("Small requests are read and answered while others hold all memory") {
  const RunningServer running({.held_bytes_max = 100'000, .grace = regstream::Duration{3'600'000}});
  Client holder(running.port());
  holder.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
  CHECK(holder.read_until("\r\n\r\n").starts_with("HTTP/1.1 100"));
  Client large(running.port());
  large.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
  CHECK(status_of(large.read_to_end()) == 503);
  Client small(running.port());
  small.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nsmall");
  CHECK(small.read_response().ends_with("small"));
  small.get("/nothing");
  CHECK(status_of(small.read_response()) == 404);
}

TEST_CASE("A body without memory for it is refused with Retry-After") {
  const RunningServer running({.held_bytes_max = 500, .uncounted_bytes_max = 0});
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

TEST_CASE("A client at its limit of connections replaces its own") {
  RunningServer running({.connections_per_client_max = 2, .exempts_loopback = false});
  Client first(running.port());
  CHECK(hello_status(first) == 200);
  Client second(running.port());
  CHECK(hello_status(second) == 200);
  Client third(running.port());
  CHECK(hello_status(third) == 200);
  CHECK(first.read_to_end().empty());
}

TEST_CASE("A client has a limit of requests besides its streams") {
  const RunningServer running(
      {.connections_per_client_max = 10, .sessions_per_client_max = 2, .exempts_loopback = false});
  Client other(running.port(), 0, "127.0.0.2");
  CHECK(hello_status(other) == 200);
  Client first(running.port());
  CHECK(hello_status(first) == 200);
  Client second(running.port());
  CHECK(hello_status(second) == 200);
  Client third(running.port());
  CHECK(hello_status(third) == 200);
  CHECK(first.read_to_end().empty());
  CHECK(hello_status(other) == 200);
  CHECK(hello_status(second) == 200);
}

TEST_CASE("A client whose connections are all being answered gets 429 until one is done") {
  const bool counts_streams = GENERATE(false, true);
  RunningServer running({.connections_per_client_max = counts_streams ? 1U : 10U,
                         .sessions_per_client_max = counts_streams ? 0U : 1U,
                         .exempts_loopback = false});
  Client first(running.port());
  first.get("/kept");
  running.wait_for_kept();
  Client second(running.port());
  const std::string refused = second.read_to_end();
  CHECK(status_of(refused) == 429);
  CHECK(running.refused().at_client_limit == 1);
  CHECK(running.refused().at_server_limit == 0);
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  running.answer_kept();
  CHECK(first.read_response().ends_with(R"("at last")"));
  Client third(running.port());
  CHECK(hello_status(third) == 200);
}

TEST_CASE("Loopback peers are not counted because a proxy may be one") {
  RunningServer running({.connections_per_client_max = 1});
  Client first(running.port());
  first.get("/kept");
  running.wait_for_kept();
  Client second(running.port());
  CHECK(hello_status(second) == 200);
  running.answer_kept();
}

TEST_CASE("A trusted proxy's connections count for nobody however many it keeps") {
  const ProxiedServer running(
      {.connections_per_client_max = 1, .sessions_per_client_max = 1, .exempts_loopback = false});
  std::vector<std::unique_ptr<Client>> kept;
  for (int count = 0; count < 10; ++count) {
    kept.push_back(std::make_unique<Client>(running.port()));
  }
  for (int round = 0; round < 2; ++round) {
    for (const auto& proxy : kept) {
      ask_for(*proxy, "192.0.2.1");
      CHECK(status_of(proxy->read_response()) == 200);
    }
  }
}

TEST_CASE("A client behind a proxy at its limit of requests replaces its own") {
  const ProxiedServer running({.connections_per_client_max = 10, .sessions_per_client_max = 2});
  Client others(running.port());
  hold_for(others, "192.0.2.2");
  Client first(running.port());
  hold_for(first, "192.0.2.1");
  Client second(running.port());
  hold_for(second, "192.0.2.1");
  Client third(running.port());
  ask_for(third, "192.0.2.1");
  CHECK(status_of(third.read_response()) == 200);
  CHECK(first.read_to_end().empty());
  for (Client* const held : {&others, &second}) {
    held->send("0123456789");
    CHECK(held->read_response().ends_with("0123456789"));
  }
}

TEST_CASE("A client behind a proxy whose requests are all being answered gets 429") {
  ProxiedServer running({.connections_per_client_max = 10, .sessions_per_client_max = 1});
  Client first(running.port());
  ask_for(first, "192.0.2.1", "/kept");
  running.wait_for_kept();
  Client second(running.port());
  ask_for(second, "192.0.2.1");
  const std::string refused = second.read_to_end();
  CHECK(status_of(refused) == 429);
  CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
  CHECK(running.refused().at_client_limit == 1);
  Client third(running.port());
  ask_for(third, "192.0.2.2");
  CHECK(status_of(third.read_response()) == 200);
  running.answer_kept();
  CHECK(first.read_response().ends_with(R"("at last")"));
  ask_for(first, "192.0.2.1");
  CHECK(status_of(first.read_response()) == 200);
}

TEST_CASE("If all are being answered one connection too many is refused until there is room") {
  RunningServer running({.sessions_max = 1});
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
