#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "harness/scenario_player.hpp"
#include "harness/scenario_reader.hpp"

using namespace regstream;
using namespace regstream::harness;

namespace {

Instant at(std::int64_t ms) {
  return Instant{Duration{ms}};
}

// A player with a log of what each connection got: its bytes, and "<close>" or "<reset>".
class Played {
 public:
  explicit Played(const std::string& scenario, PlayerLimits limits = {})
      : player(read(scenario), {.start_timestamp_ms = 1'000'000, .limits = limits}) {}

  ConnectionNumber open(std::int64_t now, RequestHead request = {}) {
    if (request.path.empty()) {
      request.path = "/";
    }
    const ConnectionNumber number = player.open(request, at(now));
    collect();
    return number;
  }

  void advance(std::int64_t now) {
    player.handle_deadline(at(now));
    collect();
  }

  /// The output since the last call; an answer's head is shortened to its status.
  std::string take(ConnectionNumber number) {
    std::string text = std::exchange(log_[number], {});
    const std::size_t end = text.find("\r\n\r\n");
    if (text.rfind("HTTP/1.1 ", 0) == 0 && end != std::string::npos) {
      head = text.substr(0, end + 2);
      text = "<" + text.substr(9, 3) + ">" + text.substr(end + 4);
    }
    return text;
  }

  void collect() {
    while (const auto action = player.poll()) {
      if (const auto* const send = std::get_if<SendAction>(&*action)) {
        log_[send->connection] += send->bytes;
        pieces.push_back(send->bytes.size());
      } else if (const auto* const close = std::get_if<CloseAction>(&*action)) {
        log_[close->connection] += "<close>";
      } else {
        log_[std::get<AbortAction>(*action).connection] += "<reset>";
      }
    }
  }

  [[nodiscard]] Ending ending(std::size_t index) const {
    return player.requests().at(index).ending;
  }

  ScenarioPlayer player;
  std::string head;
  std::vector<std::size_t> pieces;

 private:
  static Scenario read(const std::string& text) {
    auto result = read_scenario(text);
    if (const auto* const problem = std::get_if<JsonProblem>(&result)) {
      FAIL(problem->field << ": " << problem->what);
    }
    return std::get<Scenario>(std::move(result));
  }

  std::map<ConnectionNumber, std::string> log_;
};

std::string with_steps(const std::string& steps, const std::string& answer = "{}") {
  return R"({"connections": [{"answer": )" + answer + R"(, "steps": [)" + steps + "]}]}";
}

}  // namespace

TEST_CASE("Steps are played at their times counted from the previous step") {
  Played played(with_steps(
      R"({"raw": "a"}, {"after": "100ms", "raw": "b"}, {"after": "50ms", "raw": "c"}, {"end": true})"));
  const auto one = played.open(10);
  CHECK(played.take(one) == "<200>a");
  CHECK(played.player.next_deadline() == at(110));
  played.advance(109);
  CHECK(played.take(one).empty());
  // Much too late, but what was due at 160 doesn't move.
  played.advance(120);
  CHECK(played.take(one) == "b");
  CHECK(played.player.next_deadline() == at(160));
  played.advance(160);
  CHECK(played.take(one) == "c<close>");
  CHECK(played.ending(0) == Ending::ended);
  CHECK(played.player.requests()[0].ended_at == at(160));
  CHECK(played.player.requests()[0].body_bytes == 3);
  CHECK_FALSE(played.player.next_deadline());
}

TEST_CASE("One jump of time plays the same bytes as many small ones") {
  const std::string steps = with_steps(
      R"({"pings": "100ms"}, {"after": "250ms", "control": "connected"},
         {"chunk": {"bytes": 5, "every": "10ms"}}, {"after": "5ms", "event": {"data": "a longer text"}},
         {"after": "200ms", "end": true})");
  Played jumped(steps);
  const auto far = jumped.open(0);
  jumped.advance(10'000);
  Played stepped(steps);
  const auto near = stepped.open(0);
  for (std::int64_t now = 1; now <= 10'000; ++now) {
    stepped.advance(now);
  }
  const std::string text = jumped.take(far);
  CHECK(text == stepped.take(near));
  CHECK(text.find(R"({"type":"ping","timestamp":1000100})") != std::string::npos);
  CHECK(text.find(R"({"type":"connected","timestamp":1000250})") != std::string::npos);
  CHECK(text.find("<close>") == text.size() - 7);
}

TEST_CASE("An answer may come late and its head is as configured") {
  Played played(
      with_steps(R"({"raw": "a"})",
                 R"({"after": "1s", "headers": {"X-One": "1", "content-type": "text/html"}})"));
  const auto one = played.open(0);
  CHECK(played.take(one).empty());
  CHECK_FALSE(played.player.requests()[0].status);
  played.advance(1000);
  CHECK(played.take(one) == "<200>a");
  CHECK(played.head ==
        "HTTP/1.1 200 OK\r\nX-One: 1\r\ncontent-type: text/html\r\nCache-Control: no-store\r\n"
        "Connection: close\r\n");
  CHECK(played.player.requests()[0].status == 200);
}

TEST_CASE("An answer without steps has a body of known length and ends") {
  Played played(R"({"connections": [{"answer": {"status": 429, "headers": {"Retry-After": "1"},
                                                "body": "slow"}}]})");
  const auto one = played.open(0);
  CHECK(played.take(one) == "<429>slow<close>");
  CHECK(played.head.find("Content-Length: 4\r\n") != std::string::npos);
  CHECK(played.ending(0) == Ending::answered);
  CHECK(played.player.open_connections() == 0);
}

TEST_CASE("A connection breaks exactly after the given byte") {
  const std::string kind = GENERATE("cut", "reset");
  const std::string end = kind == "cut" ? "<close>" : "<reset>";
  for (std::size_t bytes = 0; bytes <= 6; ++bytes) {
    Played played(with_steps("{\"" + kind + R"(": {"afterBytes": )" + std::to_string(bytes) +
                             R"(}}, {"raw": "abc"}, {"raw": "def"}, {"raw": "ghi"})"));
    const auto one = played.open(0);
    CHECK(played.take(one) == "<200>" + std::string("abcdef").substr(0, bytes) + end);
    CHECK(played.player.requests()[0].body_bytes == bytes);
    CHECK(played.ending(0) == (kind == "cut" ? Ending::cut : Ending::reset));
  }
}

TEST_CASE("Chunked framing shows a cut because the last chunk is missing") {
  const std::string chunked = R"({"framing": "chunked"})";
  Played ended(with_steps(R"({"chunk": 2}, {"raw": "abc"}, {"end": true})", chunked));
  CHECK(ended.take(ended.open(0)) == "<200>2\r\nab\r\n1\r\nc\r\n0\r\n\r\n<close>");
  Played cut(with_steps(R"({"raw": "abc"}, {"cut": true})", chunked));
  CHECK(cut.take(cut.open(0)) == "<200>3\r\nabc\r\n<close>");
}

TEST_CASE("Pieces are sent at their times and the step is done with the last one") {
  Played played(with_steps(
      R"({"chunk": {"bytes": 2, "every": "10ms"}}, {"raw": "abcde"}, {"after": "5ms", "raw": "f"})"));
  const auto one = played.open(0);
  CHECK(played.take(one) == "<200>ab");
  played.advance(10);
  CHECK(played.take(one) == "cd");
  played.advance(20);
  CHECK(played.take(one) == "e");
  CHECK(played.player.next_deadline() == at(25));
  played.advance(25);
  CHECK(played.take(one) == "f");
}

TEST_CASE("A proxy's buffer holds bytes until it is full or released or the body ends") {
  Played played(with_steps(
      R"({"hold": 4}, {"raw": "abc"}, {"after": "1ms", "raw": "de"}, {"raw": "f"},
         {"after": "1ms", "hold": 0}, {"hold": 100}, {"raw": "g"}, {"after": "1ms", "end": true})"));
  const auto one = played.open(0);
  CHECK(played.take(one) == "<200>");
  played.advance(1);
  CHECK(played.take(one) == "abcde");
  played.advance(2);
  CHECK(played.take(one) == "f");
  played.advance(3);
  CHECK(played.take(one) == "g<close>");
}

TEST_CASE("Silence ends the pings as well and the connection stays open") {
  Played played(with_steps(R"({"pings": "1s"}, {"after": "2500ms", "silence": true})"));
  const auto one = played.open(0);
  played.take(one);
  played.advance(2500);
  const std::string pings = played.take(one);
  CHECK(pings.find("1002000") != std::string::npos);
  played.advance(1'000'000);
  CHECK(played.take(one).empty());
  CHECK_FALSE(played.player.next_deadline());
  CHECK(played.player.open_connections() == 1);
}

TEST_CASE("The first script that matches a request plays as often as it may") {
  Played played(R"({"connections": [
    {"when": {"path": "/a", "method": "POST"}, "answer": {"status": 201}},
    {"when": {"lastEventId": null, "path": "/a"}, "times": 1, "answer": {"status": 202}},
    {"when": {"lastEventId": "7"}, "answer": {"status": 203}},
    {"when": {"headers": {"x-one": "1"}}, "answer": {"status": 204}}
  ]})");
  const auto status = [&played](RequestHead request) {
    return played.take(played.open(0, std::move(request))).substr(1, 3);
  };
  CHECK(status({.method = "POST", .path = "/a"}) == "201");
  CHECK(status({.method = "GET", .path = "/a"}) == "202");
  CHECK(status({.method = "GET", .path = "/a"}) == "404");
  CHECK(status({.method = "GET", .path = "/a", .last_event_id = "7"}) == "203");
  CHECK(status({.method = "GET", .path = "/b", .headers = {{"X-One", "1"}}}) == "204");
  CHECK(status({.method = "GET", .path = "/b", .headers = {{"X-One", "2"}}}) == "404");
  played.player.restart(at(0));
  CHECK(status({.method = "GET", .path = "/a"}) == "202");
  CHECK(played.player.requests()[1].script == "connections[1]");
  CHECK(played.player.requests()[2].script == "default");
}

TEST_CASE("A refused connection gets no byte") {
  Played played(R"({"connections": [{"times": 1, "answer": "close"}, {"answer": "reset"}]})");
  CHECK(played.take(played.open(0)) == "<close>");
  CHECK(played.take(played.open(0)) == "<reset>");
  CHECK_FALSE(played.player.requests()[1].status);
  CHECK(played.ending(1) == Ending::reset);
}

TEST_CASE("A test can send and cut and answer by itself") {
  Played played(with_steps(""));
  const auto one = played.open(0);
  const auto two = played.open(0);
  played.take(one);
  played.take(two);
  CHECK(played.player.send(std::nullopt, SendBytes{"a"}, at(1)) == 2);
  CHECK(played.player.send(two, SendBytes{"b"}, at(2)) == 1);
  CHECK(played.player.send(99, SendBytes{"c"}, at(2)) == 0);
  CHECK(played.player.cut(one, BreakKind::reset, at(3)) == 1);
  CHECK(played.player.cut(std::nullopt, BreakKind::cut, at(4)) == 1);
  played.collect();
  CHECK(played.take(one) == "a<reset>");
  CHECK(played.take(two) == "ab<close>");

  Script away;
  away.times = 2;
  away.answer = Answer{.after = Duration(0), .status = 503, .headers = {}, .body = {}};
  played.player.answer_next(away);
  CHECK(played.take(played.open(5)) == "<503><close>");
  CHECK(played.take(played.open(5)) == "<503><close>");
  CHECK(played.take(played.open(5)) == "<200>");
}

TEST_CASE("A restart closes open connections and keeps the record") {
  Played played(with_steps(""));
  const auto one = played.open(0);
  played.take(one);
  played.player.restart(at(7));
  played.collect();
  CHECK(played.take(one) == "<close>");
  CHECK(played.ending(0) == Ending::restarted);
  CHECK(played.player.requests().size() == 1);
  played.player.forget_requests();
  CHECK(played.player.requests().empty());
}

TEST_CASE("A closed connection is played no further and its first end counts") {
  Played played(with_steps(R"({"after": "1s", "raw": "a"})"));
  const auto one = played.open(0);
  played.player.on_peer_closed(one, at(5));
  played.player.on_too_slow(one, at(6));
  CHECK(played.ending(0) == Ending::by_client);
  CHECK(played.player.requests()[0].ended_at == at(5));
  CHECK_FALSE(played.player.next_deadline());
}

TEST_CASE("Connections and the record are bounded") {
  Played played(with_steps(""), {.connections_max = 1, .requests_max = 2});
  CHECK(played.take(played.open(0)) == "<200>");
  CHECK(played.take(played.open(0)).find("<503>") == 0);
  CHECK(played.player.requests().back().script == "limit");
  played.open(0);
  CHECK(played.player.requests().size() == 2);
  CHECK(played.player.requests().front().number == 2);
  CHECK(played.player.requests_dropped() == 1);
}

TEST_CASE("A record keeps no secrets") {
  Played played(with_steps(""));
  played.open(0, {.method = "GET",
                  .target = "/a?x=1&access_token=secret&token=secret&y",
                  .path = "/a",
                  .headers = {{"authorization", "Bearer secret"},
                              {"Cookie", "session=secret"},
                              {"Proxy-Authorization", "secret"},
                              {"X-One", "1"}},
                  .last_event_id = "7"});
  const RecordedRequest& request = played.player.requests()[0];
  CHECK(request.target == "/a?x=1&access_token=(redacted)&token=(redacted)&y");
  REQUIRE(request.headers.size() == 4);
  CHECK(request.headers[0].value == "(redacted)");
  CHECK(request.headers[1].value == "(redacted)");
  CHECK(request.headers[2].value == "(redacted)");
  CHECK(request.headers[3].value == "1");
  CHECK(request.last_event_id == "7");
}
