#include <cstddef>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "client_bench.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;

namespace {

/// More than any buffer of the client holds.
constexpr std::size_t much = 1U << 20U;

std::string stream_with(const std::string& field) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + field + "\r\n\r\n";
}

std::string chunk_of(const std::string& body) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string size;
  for (std::size_t left = body.size(); left > 0; left /= 16) {
    size.insert(size.begin(), digits[left % 16]);
  }
  return size + "\r\n" + body + "\r\n";
}

}  // namespace

TEST_CASE("a client requests the stream without a coding unless its caller does otherwise") {
  Bench bench{{}};
  StreamRequest request = get(bench.server.url());
  SECTION("by default") {
    bench.connect(request);
    REQUIRE(bench.until_requests(1));
    CHECK(has(bench.server.requests[0], "\r\nAccept-Encoding: identity\r\n"));
  }
  SECTION("a caller's own header") {
    request.headers = {{"accept-encoding", "br"}};
    bench.connect(request);
    REQUIRE(bench.until_requests(1));
    CHECK(has(bench.server.requests[0], "\r\naccept-encoding: br\r\n"));
    CHECK_FALSE(has(bench.server.requests[0], "identity"));
  }
}

TEST_CASE("a stream in a coding that the client can't decode ends with the coding's name") {
  const auto [field, coding] = GENERATE(table<std::string, std::string>(
      {{"Content-Encoding: gzip", "gzip"},
       {"Content-Encoding: identity, BR", "BR"},
       {"Content-Encoding: identity\r\ncontent-encoding: zstd", "zstd"},
       {"Transfer-Encoding: gzip", "gzip"},
       {"Transfer-Encoding: gzip, chunked", "gzip"},
       {"Transfer-Encoding: chunked, chunked", "chunked, chunked"}}));
  Bench bench{{{.pieces = {stream_with(field), "\x1f\x8b\x08"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_closed());
  CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::wrong_content_coding);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::wrong_content_coding);
  CHECK(has(bench.recorder.endings.front().failure->what, "the coding \"" + coding + "\""));
  CHECK(bench.recorder.events.empty());
}

TEST_CASE("a stream that declares the identity coding is read") {
  const std::string field = GENERATE("Content-Encoding: identity",
                                     "Content-Encoding:", "content-encoding: Identity, ,identity");
  Bench bench{{{.pieces = {stream_with(field), "data: a\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));
}

TEST_CASE("an event over a limit is skipped and reported and the stream goes on after it") {
  const std::string large = "id: 8\ndata: " + std::string(3 * much, 'x') + "\n\n";
  Bench bench{{{.pieces = {chunked_header, chunk_of("id: 7\ndata: a\n\n" + large),
                           chunk_of("data: b\n\n"), "0\r\n\r\n"},
                .then = Then::hold},
               {.pieces = {stream_header}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.limits.parser.line_bytes_max = much;
  bench.connect(options);
  REQUIRE(bench.until_requests(2));
  CHECK(bench.recorder.events == std::vector<std::string>{"message|a|7", "message|b|8"});
  CHECK(bench.recorder.skipped ==
        std::vector<std::string>{"line_too_long|" + std::to_string(3 * much + 1) + "|8"});
  CHECK(bench.recorder.failure(0) == StreamFailureKind::ended);
}

TEST_CASE("a client that closes at a skipped event resumes after it") {
  Bench bench{
      {{.pieces = {stream_header + "id: 8\ndata: 123456789\n\ndata: b\n\n"}, .then = Then::hold},
       {.pieces = {stream_header}, .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.limits.parser.line_bytes_max = 10;
  bench.recorder.on_each_skipped = [&] { bench.client->restart(); };
  bench.connect(options);
  REQUIRE(bench.until_requests(2));
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: 8\r\n"));
  CHECK(bench.recorder.events.empty());
}

TEST_CASE("a handler that closes the client from any call gets nothing more of the stream") {
  Bench bench{{{.pieces = {stream_header + ":c\nretry: 5\ndata: 123456789\n\n:d\nretry: 6\n"
                                           "data: b\n\n"},
                .then = Then::hold}}};
  StreamClientOptions options = fast();
  options.limits.parser.line_bytes_max = 10;
  const auto close = [&] { bench.client->close(); };
  std::size_t comments = 1;
  std::size_t retries = 0;
  std::size_t skipped = 0;
  SECTION("a comment") {
    bench.recorder.on_each_comment = close;
  }
  SECTION("a reconnection time") {
    bench.recorder.on_each_retry = close;
    retries = 1;
  }
  SECTION("a skipped event") {
    bench.recorder.on_each_skipped = close;
    retries = skipped = 1;
  }
  SECTION("the opening") {
    bench.recorder.on_each_state = [&](ConnectionState state) {
      if (state == ConnectionState::open) {
        bench.client->close();
      }
    };
    comments = 0;
  }
  bench.connect(options);
  REQUIRE(run_until(bench.context, [&] { return bench.server.closed_by_client == 1; }));
  CHECK(bench.recorder.comments.size() == comments);
  CHECK(bench.recorder.retries.size() == retries);
  CHECK(bench.recorder.skipped.size() == skipped);
  CHECK(bench.recorder.events.empty());
  // The last word is about its own closing.
  CHECK(bench.recorder.changes.back().to == ConnectionState::closed);
  CHECK(bench.recorder.changes.back().reason == ConnectionReason::requested);
}

TEST_CASE("endless bytes that are not the stream's own end the attempt") {
  const std::string x(much, 'x');
  const auto [pieces, kind] = GENERATE_COPY(table<std::vector<std::string>, StreamFailureKind>({
      {{"HTTP/1.1 200 " + x}, StreamFailureKind::header_too_large},
      {{"HTTP/1.1 200 OK\r\n" + x}, StreamFailureKind::header_too_large},
      {{"HTTP/1.1 100 Continue\r\nX: " + x}, StreamFailureKind::header_too_large},
      {{chunked_header, "9;a=" + x}, StreamFailureKind::header_too_large},
      {{chunked_header, std::string(much, '0')}, StreamFailureKind::header_too_large},
      {{chunked_header, "0\r\nX: " + x}, StreamFailureKind::header_too_large},
      {{std::string(much, '\0')}, StreamFailureKind::malformed},
      {{"HTTP/1.1 200 OK\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n"},
       StreamFailureKind::malformed},
      {{chunked_header, "fffffffffffffffff\r\n"}, StreamFailureKind::malformed},
  }));
  Bench bench{{{.pieces = pieces, .then = Then::hold},
               {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));
  CHECK(bench.recorder.failure(0) == kind);
}

TEST_CASE("endless trailers are given up however short each one is") {
  std::string trailers;
  while (trailers.size() < much) {
    trailers += "X: y\r\n";
  }
  Bench bench{{{.pieces = {chunked_header, "0\r\n" + trailers}, .then = Then::hold},
               {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
  bench.connect();
  REQUIRE(bench.until_events(1));
  CHECK(bench.recorder.failure(0) == StreamFailureKind::header_too_large);
}

TEST_CASE("an id with a NUL is not kept and a reconnection time may have any size") {
  Bench bench{{{.pieces = {stream_header + "id: 7\ndata: a\n\nid: 8" + std::string(1, '\0') +
                           "\nretry: " + std::string(much, '9') + "\ndata: b\n\n"}}}};
  StreamClientOptions options = fast();
  options.connection.reconnection_time_max = Duration{1};
  bench.connect(options);
  REQUIRE(bench.until_requests(2));
  CHECK(bench.recorder.events == std::vector<std::string>{"message|a|7", "message|b|7"});
  CHECK(bench.recorder.retries == std::vector<Duration>{Duration::max()});
  CHECK(has(bench.server.requests[1], "\r\nLast-Event-ID: 7\r\n"));
}
