// The tokens of a client's attempts, and where they are sent.
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "client_bench.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;

namespace {

/// A source whose answers the test chooses.
struct Asked {
  std::vector<bool> refusals;
  std::vector<std::function<void(TokenAnswer)>> answers;

  [[nodiscard]] StreamClientOptions options() {
    StreamClientOptions options = fast();
    options.token = [this](bool is_refused, std::function<void(TokenAnswer)> answer) {
      refusals.push_back(is_refused);
      answers.push_back(std::move(answer));
    };
    return options;
  }
};

/// Answers at once: "token-1", "token-2", …
StreamClientOptions counting(std::vector<bool>& refusals) {
  StreamClientOptions options = fast();
  options.token = [&refusals](bool is_refused, const std::function<void(TokenAnswer)>& answer) {
    refusals.push_back(is_refused);
    answer("token-" + std::to_string(refusals.size()));
  };
  return options;
}

Answer stream(const std::string& id) {
  return {.pieces = {stream_header, "id: " + id + "\ndata: a\n\n"}};
}

}  // namespace

TEST_CASE("each attempt sends its own token in place of the request's header") {
  std::vector<bool> refusals;
  Bench bench{{stream("1"), stream("2")}};
  StreamRequest request = get(bench.server.url());
  request.headers = {{"authorization", "Basic x"}, {"X-Kept", "yes"}};
  bench.connect(request, counting(refusals));
  REQUIRE(bench.until_requests(3));
  for (std::size_t index = 0; index < 3; ++index) {
    const std::string& sent = bench.server.requests[index];
    CHECK(has(sent, "\r\nAuthorization: Bearer token-" + std::to_string(index + 1) + "\r\n"));
    CHECK_FALSE(has(sent, "Basic"));
    CHECK(has(sent, "\r\nX-Kept: yes\r\n"));
  }
  CHECK(refusals == std::vector<bool>{false, false, false});
}

TEST_CASE("a 401 requests a fresh token once") {
  const Answer unauthorized{.pieces = {head("401 Unauthorized")}, .then = Then::hold};
  std::vector<bool> refusals;
  SECTION("which is taken") {
    Bench bench{{unauthorized, {.pieces = {stream_header, "data: a\n\n"}, .then = Then::hold}}};
    bench.connect(counting(refusals));
    REQUIRE(bench.until_events(1));
    CHECK(has(bench.server.requests[1], "Bearer token-2"));
    CHECK(refusals == std::vector<bool>{false, true});
  }
  SECTION("which is refused, too") {
    Bench bench{{unauthorized, unauthorized}};
    bench.connect(counting(refusals));
    REQUIRE(bench.until_closed());
    CHECK(bench.recorder.endings.front().change.reason == ConnectionReason::unauthorized);
    CHECK(bench.recorder.failure(0) == StreamFailureKind::unexpected_status);
    CHECK(refusals == std::vector<bool>{false, true});
    for (const Recorder::Ending& ending : bench.recorder.endings) {
      CHECK_FALSE(has(ending.failure->what, "token-"));
    }
  }
}

TEST_CASE("a token stays with its origin even after a redirect back") {
  const auto redirect = [](const std::string& location) {
    return Answer{.pieces = {head("307 Elsewhere", "Location: " + location + "\r\n")},
                  .then = Then::hold};
  };
  std::vector<bool> refusals;
  Bench bench{{redirect("/same")}};
  ScriptedServer there(bench.context, {redirect(bench.server.url("/back"))});
  bench.server.add(redirect(there.url("/there")));
  bench.connect(counting(refusals));
  REQUIRE(bench.until_requests(3));
  CHECK(has(bench.server.requests[1], "Bearer token-1"));
  CHECK_FALSE(has(there.requests[0], "token"));
  CHECK_FALSE(has(bench.server.requests[2], "token"));
}

TEST_CASE("a token may come later but not for an attempt that is over") {
  Asked asked;
  Bench bench{{}};
  StreamClient& client = bench.connect(asked.options());
  REQUIRE(asked.answers.size() == 1);
  CHECK(client.state() == ConnectionState::authorizing);
  asked.answers[0]("first");
  REQUIRE(bench.until_requests(1));
  CHECK(has(bench.server.requests[0], "Bearer first"));

  client.restart();  // Held without an answer: nothing to restart.
  asked.answers[0]("late");
  CHECK(client.state() == ConnectionState::connecting);
  client.close();
  asked.answers[0](NoToken{});
  CHECK(client.state() == ConnectionState::closed);
  bench.client.reset();
  asked.answers[0]("later still");
  CHECK(bench.server.requests.size() == 1);
}

TEST_CASE("a missing token is requested again or closes the client and says why") {
  Asked asked;
  Bench bench{{}};
  bench.connect(asked.options());
  asked.answers[0](NoToken{TokenFailure::may_pass, "the vault is sealed"});
  REQUIRE(run_until(bench.context, [&] { return asked.answers.size() == 2; }));
  CHECK(bench.recorder.endings[0].change.reason == ConnectionReason::token_unavailable);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::no_token);
  CHECK(bench.recorder.endings[0].failure->what == "the vault is sealed");
  asked.answers[1](NoToken{TokenFailure::for_good, "nobody is signed in"});
  CHECK(bench.client->state() == ConnectionState::closed);
  CHECK(bench.recorder.endings[1].change.reason == ConnectionReason::token_denied);
  CHECK(bench.recorder.endings[1].failure->what == "nobody is signed in");
  CHECK(bench.server.requests.empty());
}

TEST_CASE("a token that no header can hold is neither sent nor shown") {
  const std::string token = GENERATE("", "sec\r\nX-Other: ret");
  Asked asked;
  Bench bench{{}};
  bench.connect(asked.options());
  asked.answers[0](token);
  CHECK(bench.client->state() == ConnectionState::closed);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::no_token);
  CHECK_FALSE(has(bench.recorder.endings[0].failure->what, "sec"));
  CHECK(bench.server.requests.empty());
}

TEST_CASE("a token that does not come or whose source throws times out") {
  const bool throws = GENERATE(false, true);
  Asked asked;
  StreamClientOptions options = asked.options();
  options.connection.connect_timeout = Duration{20};
  if (throws) {
    options.token = [](bool, const std::function<void(TokenAnswer)>&) {
      throw std::runtime_error("the source's");
    };
  }
  Bench bench{{}};
  bench.connect(options);
  bool has_thrown = false;
  const auto has_ended = [&bench] { return !bench.recorder.endings.empty(); };
  try {
    static_cast<void>(run_until(bench.context, has_ended));
  } catch (const std::runtime_error&) {
    has_thrown = true;
  }
  REQUIRE(run_until(bench.context, has_ended));
  CHECK(has_thrown == throws);
  CHECK(bench.recorder.endings[0].change.reason == ConnectionReason::timed_out);
  CHECK(bench.recorder.failure(0) == StreamFailureKind::timed_out);
  CHECK(has(bench.recorder.endings[0].failure->what, "token"));
}
