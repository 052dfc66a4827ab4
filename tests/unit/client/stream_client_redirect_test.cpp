#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/client/stream_client.hpp>

#include "client_recorder.hpp"
#include "client_scripted_server.hpp"
#include "run_until.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;
namespace asio = boost::asio;

namespace {

Answer redirect(const std::string& status, const std::string& location) {
  return {.pieces = {"HTTP/1.1 " + status + " Elsewhere\r\nLocation: " + location +
                     "\r\nContent-Length: 0\r\n\r\n"},
          .then = Then::hold};
}

Answer stream() {
  return {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold};
}

bool has(const std::string& request, const std::string& text) {
  return request.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a redirect is followed even to a relative URL") {
  const std::string status = GENERATE("301", "302", "303", "307", "308");
  asio::io_context context{1};
  ScriptedServer server(context, {redirect(status, "../b?x=1"), stream()});
  Recorder recorder;
  StreamClient client(context, get(server.url("/a/stream")), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return recorder.events.size() == 1; }));
  CHECK(server.requests[1].starts_with("GET /b?x=1 HTTP/1.1\r\n"));
  CHECK(recorder.endings.empty());
}

TEST_CASE("a URL and a Location may have what browsers and curl leave in them") {
  asio::io_context context{1};
  ScriptedServer server(context, {redirect("302", "\\b c?y={1}|2%#f"), stream()});
  Recorder recorder;
  StreamClient client(context, get(server.url("/a b/[1]?x=[1]|{2}")), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return recorder.events.size() == 1; }));
  CHECK(server.requests[0].starts_with("GET /a%20b/%5B1%5D?x=%5B1%5D%7C%7B2%7D HTTP/1.1\r\n"));
  CHECK(server.requests[1].starts_with("GET /b%20c?y=%7B1%7D%7C2%25 HTTP/1.1\r\n"));
}

TEST_CASE("the next attempt begins at the first URL again") {
  asio::io_context context{1};
  ScriptedServer server(context,
                        {redirect("301", "/b"), {.pieces = {stream_header}, .then = Then::close}});
  Recorder recorder;
  StreamClient client(context, get(server.url("/a")), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return server.requests.size() == 3; }));
  CHECK(server.requests[2].starts_with("GET /a "));
}

TEST_CASE("credentials stay with their origin even after a redirect back") {
  asio::io_context context{1};
  ScriptedServer start(context, {redirect("307", "/same")});
  ScriptedServer there(context, {redirect("307", start.url("/back"))});
  start.add(redirect("307", there.url("/there")));
  start.add(stream());

  StreamRequest request = get(start.url("/"));
  request.headers = {{"authorization", "Bearer secret"}, {"Cookie", "secret"}, {"X-Kept", "yes"}};
  request.last_event_id = "7";
  Recorder recorder;
  StreamClient client(context, request, fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return start.requests.size() == 3; }));
  CHECK(has(start.requests[1], "Bearer secret"));
  CHECK(has(start.requests[1], "Cookie: secret"));
  for (const std::string& elsewhere : {there.requests[0], start.requests[2]}) {
    CHECK_FALSE(has(elsewhere, "secret"));
    CHECK(has(elsewhere, "X-Kept: yes"));
    CHECK(has(elsewhere, "Last-Event-ID: 7"));
  }
  CHECK(has(there.requests[0], "\r\nHost: " + there.authority() + "\r\n"));
}

TEST_CASE("307 and 308 repeat a POST and the older redirects turn it into a GET") {
  const auto [status, method] = GENERATE(table<std::string, std::string>(
      {{"301", "GET"}, {"302", "GET"}, {"303", "GET"}, {"307", "POST"}, {"308", "POST"}}));
  asio::io_context context{1};
  Answer first = redirect(status, "/b");
  first.body_bytes = 4;
  Answer second = stream();
  second.body_bytes = method == "POST" ? 4 : 0;
  ScriptedServer server(context, {first, second});
  StreamRequest request = get(server.url("/a"));
  request.method = "POST";
  request.body = "body";
  Recorder recorder;
  StreamClient client(context, request, fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return recorder.events.size() == 1; }));
  CHECK(server.requests[1].starts_with(method + " /b "));
  CHECK(server.requests[1].ends_with(method == "POST" ? "\r\n\r\nbody" : "\r\n\r\n"));
  CHECK(has(server.requests[1], "Content-Type: text/plain") == (method == "POST"));
}

TEST_CASE("a redirect that leads nowhere fails for good") {
  const std::string location = GENERATE("", "https://a b/", "ftp://127.0.0.1/", "http://a b/");
  asio::io_context context{1};
  ScriptedServer server(context, {redirect("301", location)});
  Recorder recorder;
  StreamClient client(context, get(server.url()), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return client.state() == ConnectionState::closed; }));
  CHECK(recorder.failure(0) == StreamFailureKind::redirect);
  CHECK(recorder.endings.front().change.reason == ConnectionReason::redirect_failed);
  CHECK(server.requests.size() == 1);
}

TEST_CASE("circular redirects end after five") {
  asio::io_context context{1};
  ScriptedServer server(context, std::vector<Answer>(10, redirect("302", "/stream")));
  Recorder recorder;
  StreamClient client(context, get(server.url()), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return client.state() == ConnectionState::closed; }));
  CHECK(recorder.failure(0) == StreamFailureKind::redirect);
  CHECK(recorder.endings.front().change.reason == ConnectionReason::redirect_failed);
  CHECK(server.requests.size() == 6);
}
