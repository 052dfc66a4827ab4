#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/client/stream_client.hpp>

#include "client_bench.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;
namespace asio = boost::asio;

namespace {

std::vector<std::string> bytes_of(const std::string& text) {
  std::vector<std::string> pieces;
  for (const char byte : text) {
    pieces.emplace_back(1, byte);
  }
  return pieces;
}

}  // namespace

TEST_CASE("a client requests an event stream and sends no id before it has one") {
  Bench bench{{}};
  bench.connect(get(bench.server.url("/a%20b?registrationId=42#part")));
  REQUIRE(bench.until_requests(1));
  const std::string& request = bench.server.requests.front();
  CHECK(request.starts_with("GET /a%20b?registrationId=42 HTTP/1.1\r\n"));
  CHECK(has(request, "\r\nHost: " + bench.server.authority() + "\r\n"));
  CHECK(has(request, "\r\nAccept: text/event-stream\r\n"));
  CHECK(has(request, "\r\nCache-Control: no-cache\r\n"));
  CHECK_FALSE(has(request, "Last-Event-ID"));
}

TEST_CASE("events and comments and retry arrive however the bytes are split") {
  const std::string stream =
      stream_header + ":hello\nid: 7\nevent: stage\ndata: a\ndata: b\n\nretry: 250\ndata: c\n\n";
  const auto pieces = GENERATE_COPY(std::vector<std::string>{stream}, bytes_of(stream));
  Bench bench{{{.pieces = pieces, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(2));
  CHECK(bench.recorder.events == std::vector<std::string>{"stage|a\nb|7", "message|c|7"});
  CHECK(bench.recorder.comments == std::vector<std::string>{"hello"});
  CHECK(bench.recorder.retries == std::vector<Duration>{Duration{250}});
  CHECK(bench.client->state() == ConnectionState::open);
}

TEST_CASE("an event arrives while its chunk is still open") {
  Bench bench{{{.pieces = {chunked_header, "400\r\ndata: early\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));
  CHECK(bench.recorder.events.front() == "message|early|");
}

TEST_CASE("the clean end of a chunked body ends the stream though the socket stays open") {
  Bench bench{
      {{.pieces = {chunked_header, "9\r\ndata: a\n\n\r\n", "0\r\n\r\n"}, .then = Then::hold},
       {.pieces = {stream_header, "data: b\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(2));
  CHECK(bench.recorder.events.back() == "message|b|");
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::ended);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::ended);
  REQUIRE(run_until(bench.context, [&] { return bench.server.closed_by_client == 1; }));
}

TEST_CASE("a body of known length ends the stream at its end and a shorter one counts as broken") {
  const std::string header =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\n";
  Bench bench{
      {{.pieces = {header, "data: a\n\n"}, .then = Then::hold}, {.pieces = {header, "data: "}}}};
  bench.connect();
  REQUIRE(bench.until_requests(3));
  CHECK(bench.recorder.events == std::vector<std::string>{"message|a|"});
  CHECK(bench.recorder.failure(0) == StreamFailureKind::ended);
  CHECK(bench.recorder.failure(1) == StreamFailureKind::broken);
}

TEST_CASE("a reconnect carries the last id and half an event is forgotten") {
  Bench bench{{{.pieces = {stream_header, "id: abc\ndata: a\n\nid: def\ndata: never ended"},
                .then = Then::close},
               {.pieces = {stream_header, "data: b\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(2));
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: abc\r\n"));
  CHECK(bench.recorder.events.back() == "message|b|abc");
}

TEST_CASE("an id without data is resumed from and an empty id clears it") {
  Bench bench{{{.pieces = {stream_header, "id: abc\n\n"}}, {.pieces = {stream_header, "id\n\n"}}}};
  bench.connect();
  REQUIRE(bench.until_requests(3));
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: abc\r\n"));
  CHECK_FALSE(has(bench.server.requests[2], "Last-Event-ID"));
}

TEST_CASE("an id that no header can carry is not sent and the stream reconnects") {
  Bench bench{{{.pieces = {stream_header, "id: a\x01z\ndata: a\n\n"}}}};
  bench.connect();
  REQUIRE(bench.until_requests(2));
  CHECK(bench.recorder.events.front() == "message|a|a\x01z");
  CHECK_FALSE(has(bench.server.requests[1], "Last-Event-ID"));
}

TEST_CASE("the first request resumes from the caller's id") {
  Bench bench{{{.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
  StreamRequest request = get(bench.server.url());
  request.last_event_id = "1702493000000-7";
  bench.connect(request);
  REQUIRE(bench.until_events(1));
  CHECK(has(bench.server.requests[0], "\r\nLast-Event-ID: 1702493000000-7\r\n"));
  CHECK(bench.recorder.events.front() == "message|a|1702493000000-7");
}

TEST_CASE("method and body and headers are sent at every attempt") {
  const std::string body = R"({"hello": "world"})";
  const Answer answer{.pieces = {stream_header}, .body_bytes = body.size()};
  Bench bench{{answer, answer}};
  StreamRequest request = get(bench.server.url());
  request.method = "REPORT";
  request.body = body;
  request.headers = {{"content-type", "application/json"}, {"X-One", "1"}, {"X-One", "2"}};
  bench.connect(request);
  REQUIRE(bench.until_requests(2));
  for (const std::string& text : {bench.server.requests[0], bench.server.requests[1]}) {
    CHECK(text.starts_with("REPORT /stream HTTP/1.1\r\n"));
    CHECK(has(text, "content-type: application/json\r\n"));
    CHECK_FALSE(has(text, "text/plain"));
    CHECK(has(text, "X-One: 1\r\nX-One: 2\r\n"));
    CHECK(has(text, "Content-Length: 18\r\n"));
    CHECK(text.ends_with("\r\n\r\n" + body));
  }
}

TEST_CASE("204 stops the client for good") {
  Bench bench{{{.pieces = {"HTTP/1.1 204 No Content\r\n\r\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_closed());
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::told_to_stop);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::told_to_stop);
  CHECK(bench.server.requests.size() == 1);
}

TEST_CASE("503 is retried after its Retry-After by the resilient policy only") {
  const Answer busy{.pieces = {head("503 Busy", "Retry-After: 0\r\n")}};
  SECTION("resilient") {
    Bench bench{{busy, {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
    StreamClientOptions options = fast();
    options.connection.reconnection_time = Duration{3'600'000};  // Retry-After stands in for it.
    options.connection.reconnection_time_max = Duration{3'600'000};
    bench.connect(options);
    REQUIRE(bench.until_events(1));
    CHECK(bench.recorder.failure(0) == StreamFailureKind::unexpected_status);
    CHECK(bench.recorder.endings.front().failure->what ==
          bench.server.url() + " answered with status 503");
  }
  SECTION("standard") {
    Bench bench{{busy}};
    StreamClientOptions options = fast();
    options.connection.policy = RetryPolicy::standard;
    bench.connect(options);
    REQUIRE(bench.until_closed());
    CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::refused_for_good);
  }
}

TEST_CASE("401 and 403 and 404 and 200 with another content type fail for good") {
  using Kind = StreamFailureKind;
  using Reason = ConnectionReason;
  const auto [answer, kind, reason] = GENERATE(table<std::string, Kind, Reason>(
      {{head("401 Unauthorized"), Kind::unexpected_status, Reason::unauthorized},
       {head("403 Forbidden"), Kind::unexpected_status, Reason::forbidden},
       {head("404 Not Found"), Kind::unexpected_status, Reason::refused_for_good},
       {head("200 OK", "Content-Type: text/html\r\n"), Kind::wrong_content_type,
        Reason::wrong_content_type},
       {head("200 OK"), Kind::wrong_content_type, Reason::wrong_content_type}}));
  Bench bench{{{.pieces = {answer}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_closed());
  CHECK(bench.recorder.endings.front().change.reason == reason);
  CHECK(bench.recorder.failure(0) == kind);
}

TEST_CASE("interim responses before the stream are skipped but not without end") {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  Bench bench{{{.pieces = {hints + hints + stream_header + "data: a\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));

  std::string endless;
  for (int round = 0; round < 9; ++round) {
    endless += hints;
  }
  Bench bad{{{.pieces = {endless}, .then = Then::hold}}};
  bad.connect();
  REQUIRE(bad.until_requests(2));
  CHECK(bad.recorder.failure(0) == StreamFailureKind::malformed);
}

TEST_CASE("a failure before the stream is retried and says what broke") {
  const auto [answer, kind] = GENERATE(table<Answer, StreamFailureKind>(
      {{{.pieces = {}}, StreamFailureKind::broken},
       {{.pieces = {"HTTP/1.1 200 OK\r\nConte"}}, StreamFailureKind::broken},
       {{.pieces = {"HTTP/1.1 200 OK\r\n"}, .then = Then::reset}, StreamFailureKind::broken},
       {{.pieces = {"220 mail.example.com ESMTP\r\n"}, .then = Then::hold},
        StreamFailureKind::malformed},
       {{.pieces = {"HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x')}, .then = Then::hold},
        StreamFailureKind::header_too_large},
       {{.pieces = {chunked_header, "zz\r\n"}, .then = Then::hold},
        StreamFailureKind::malformed}}));
  Bench bench{{answer, {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::network_failed);
  CHECK(bench.recorder.failure(0) == kind);
}

TEST_CASE("a server that is not running is asked again until it is there") {
  asio::io_context context{1};
  Recorder recorder;
  std::string url;
  {
    const ScriptedServer gone(context, {});
    url = gone.url();
  }
  StreamClient client(context, get(url), fast(), recorder);
  client.connect();
  REQUIRE(run_until(context, [&] { return recorder.endings.size() >= 3; }));
  CHECK(recorder.failure(0) == StreamFailureKind::unreachable);
  CHECK(recorder.endings.back().change.to == ConnectionState::waiting);
}

TEST_CASE("a silent stream is given up and resumed") {
  Bench bench{{{.pieces = {stream_header, "id: 7\ndata: a\n\n"}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.connection.silence_limit = Duration{20};
  bench.connect(options);
  REQUIRE(bench.until_requests(2));
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::silent);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::silent);
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: 7\r\n"));
}

TEST_CASE("a server that does not answer is given up and asked again") {
  Bench bench{{}};
  StreamClientOptions options = fast();
  options.connection.connect_timeout = Duration{20};
  bench.connect(options);
  REQUIRE(bench.until_requests(2));
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::timed_out);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::timed_out);
}

TEST_CASE("a TLS handshake that does not end is given up") {
  Bench bench{{{.pieces = {}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.connection.connect_timeout = Duration{20};
  bench.connect(get("https://" + bench.server.authority() + "/stream"), options);
  REQUIRE(run_until(bench.context, [&] { return !bench.recorder.endings.empty(); }));
  CHECK(bench.recorder.failure(0) == StreamFailureKind::timed_out);
}

TEST_CASE("restarting replaces the stream at once and is not a failure") {
  Bench bench{{{.pieces = {stream_header, "id: 7\ndata: a\n\ndata: b\n\n"}, .then = Then::hold},
               {.pieces = {stream_header, "data: c\n\n"}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.connection.reconnection_time = Duration{300'000};
  bench.recorder.on_each_event = [&] {
    if (bench.recorder.events.size() == 1) {
      bench.client->restart();
    }
  };
  bench.connect(options);
  REQUIRE(bench.until_events(2));
  // What came in the same bytes after the restart belongs to the stream that was dropped.
  CHECK(bench.recorder.events == std::vector<std::string>{"message|a|7", "message|c|7"});
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: 7\r\n"));
  CHECK(bench.recorder.endings.empty());
  bench.recorder.on_each_event = [] {};
}

TEST_CASE("restarting cuts a wait short") {
  Bench bench{{{.pieces = {head("503 Busy")}},
               {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.connection.reconnection_time = Duration{300'000};
  bench.connect(options);
  REQUIRE(
      run_until(bench.context, [&] { return bench.client->state() == ConnectionState::waiting; }));
  bench.client->restart();
  REQUIRE(bench.until_events(1));
}

TEST_CASE("a handler may close the client in the middle of a chunk") {
  Bench bench{{{.pieces = {stream_header + "data: a\n\ndata: b\n\n"}, .then = Then::hold}}};
  bench.recorder.on_each_event = [&] { bench.client->close(); };
  bench.connect();
  REQUIRE(bench.until_closed());
  REQUIRE(run_until(bench.context, [&] { return bench.server.closed_by_client == 1; }));
  CHECK(bench.recorder.events.size() == 1);
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::requested);
  CHECK_FALSE(bench.recorder.failure(0).has_value());
}

TEST_CASE("a handler may destroy the client from any call and gets nothing more") {
  SECTION("from an event") {
    Bench bench{{{.pieces = {stream_header + "data: a\n\ndata: b\n\n"}, .then = Then::hold}}};
    bench.recorder.on_each_event = [&] { bench.client.reset(); };
    bench.connect();
    REQUIRE(run_until(bench.context, [&] { return bench.server.closed_by_client == 1; }));
    CHECK(bench.recorder.events.size() == 1);
    CHECK(bench.recorder.changes.size() == 2);
  }
  SECTION("from a change of state") {
    const auto last = GENERATE(ConnectionState::open, ConnectionState::waiting);
    Bench bench{{{.pieces = {stream_header + "data: a\n\n"}}}};
    bench.recorder.on_each_state = [&](ConnectionState state) {
      if (state == last) {
        bench.client.reset();
      }
    };
    bench.connect();
    REQUIRE(run_until(bench.context, [&] { return bench.client == nullptr; }));
    const std::size_t heard = bench.recorder.changes.size();
    while (bench.context.poll() > 0) {
    }
    CHECK(bench.recorder.changes.size() == heard);
  }
}

TEST_CASE("a closed client leaves the loop nothing to do") {
  asio::io_context context{1};
  Recorder recorder;
  StreamClient client(context, get("http://127.0.0.1:1/"), fast(), recorder);
  client.connect();
  client.close();
  context.run();
  CHECK(client.state() == ConnectionState::closed);
}
