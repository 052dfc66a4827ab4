#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/client/registration_client.hpp>

#include "client_recorder.hpp"
#include "client_scripted_server.hpp"
#include "run_until.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;

namespace {

class MessageRecorder final : public RegistrationHandler {
 public:
  std::vector<MessageKind> kinds;
  std::vector<ConnectionState> states;
  std::function<void()> on_each = [] {};

  void on_message(const SessionMessage& message) override {
    kinds.push_back(message.kind);
    on_each();
  }
  void on_state(const StateChanged& change, const StreamFailure* /*failure*/) override {
    states.push_back(change.to);
  }
};

/// A server, and a client of registration 42.
struct Followed {
  explicit Followed(std::vector<Answer> answers, std::string last_event_id = {})
      : server(context, std::move(answers)) {
    StreamRequest request = get(server.url());
    request.last_event_id = std::move(last_event_id);
    client = std::make_unique<RegistrationClient>(context, std::move(request), fast(),
                                                  std::array{std::int64_t{42}}, recorder);
  }
  [[nodiscard]] bool until_messages(std::size_t count) {
    return run_until(context, [&] { return recorder.kinds.size() >= count; });
  }

  boost::asio::io_context context{1};
  ScriptedServer server;
  MessageRecorder recorder;
  std::unique_ptr<RegistrationClient> client;
};

std::string update(const std::string& id, const std::string& stage) {
  return "id: " + id + R"(
data: {"type":"update","data":{"registrationId":42,"status":"PENDING","stage":")" +
         stage + R"(","stageStatus":"completed","message":"m","timestamp":10,"id":")" + id +
         "\"}}\n\n";
}

const std::string reset = "id: 8-0\ndata: {\"type\":\"reset\",\"timestamp\":1}\n\n";

}  // namespace

// It is not deleted as its base, whose destructor is not virtual.
static_assert(!std::is_convertible_v<regstream::client::RegistrationClient*,
                                     regstream::client::StreamClient*>);

TEST_CASE("a registration's updates add up to its view across a lost connection and a reset") {
  Followed followed{{{.pieces = {stream_header + update("7-1", "a") + update("7-2", "b")}},
                     {.pieces = {stream_header + reset + update("8-1", "c")}, .then = Then::hold}}};
  CHECK(followed.client->view(42) == nullptr);
  followed.client->connect();
  REQUIRE(followed.until_messages(2));
  REQUIRE(followed.client->view(42) != nullptr);
  CHECK(followed.client->view(42)->stages.size() == 2);
  CHECK(followed.client->resets() == 0);
  REQUIRE(followed.until_messages(4));
  CHECK(followed.server.requests[1].find("\r\nLast-Event-ID: 7-2\r\n") != std::string::npos);
  CHECK(followed.recorder.kinds == std::vector{MessageKind::update, MessageKind::update,
                                               MessageKind::reset, MessageKind::update});
  CHECK(followed.client->resets() == 1);
  REQUIRE(followed.client->view(42)->stages.size() == 1);
  CHECK(followed.client->view(42)->has_gap);
}

TEST_CASE("a client continues with the view and the id of an earlier one") {
  Followed followed{{{.pieces = {stream_header + update("7-3", "b")}, .then = Then::hold}}, "7-2"};
  RegistrationView left;
  left.registration_id = 42;
  left.status = "PENDING";
  left.stages.emplace_back().name = "a";
  CHECK(followed.client->restore(left));
  left.registration_id = 43;
  CHECK_FALSE(followed.client->restore(left));
  followed.client->connect();
  REQUIRE(followed.until_messages(1));
  CHECK(followed.server.requests[0].find("\r\nLast-Event-ID: 7-2\r\n") != std::string::npos);
  CHECK(followed.client->view(42)->stages.size() == 2);
}

TEST_CASE("a client leaves what the next one continues with even before anything is known") {
  Followed followed{{{.pieces = {stream_header + reset}, .then = Then::hold}}};
  followed.client->connect();
  REQUIRE(followed.until_messages(1));
  CHECK(followed.client->view(42) == nullptr);
  CHECK(followed.client->last_event_id() == "8-0");
  REQUIRE(followed.client->view_to_restore(42) != nullptr);
  CHECK(followed.client->view_to_restore(42)->has_gap);
  CHECK(followed.client->view_to_restore(42)->has_lost_history);
  CHECK(followed.client->view_to_restore(43) == nullptr);
}

TEST_CASE(
    "a handler of messages may close or restart or destroy its client and gets nothing more") {
  Followed followed{
      {{.pieces = {stream_header + update("7-1", "a") + update("7-2", "b")}, .then = Then::hold},
       {.pieces = {stream_header}, .then = Then::hold}}};
  SECTION("close") {
    followed.recorder.on_each = [&] { followed.client->close(); };
    followed.client->connect();
    REQUIRE(run_until(followed.context, [&] { return followed.server.closed_by_client == 1; }));
    CHECK(followed.client->state() == ConnectionState::closed);
  }
  SECTION("restart") {
    followed.recorder.on_each = [&] { followed.client->restart(); };
    followed.client->connect();
    REQUIRE(run_until(followed.context, [&] { return followed.server.requests.size() == 2; }));
    CHECK(followed.server.requests[1].find("\r\nLast-Event-ID: 7-1\r\n") != std::string::npos);
  }
  SECTION("destroy") {
    followed.recorder.on_each = [&] { followed.client.reset(); };
    followed.client->connect();
    REQUIRE(run_until(followed.context, [&] { return followed.server.closed_by_client == 1; }));
  }
  CHECK(followed.recorder.kinds.size() == 1);
}
