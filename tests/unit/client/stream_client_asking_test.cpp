#include <array>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/client/registration_client.hpp>
#include <regstream/workflow/registration.hpp>

#include "client/request_target.hpp"
#include "client_recorder.hpp"
#include "client_scripted_server.hpp"
#include "run_until.hpp"

using namespace regstream;
using namespace regstream::client;
using regstream::test::run_until;
using Then = Answer::Then;

namespace {

class Hearing final : public RegistrationHandler {
 public:
  std::vector<MessageKind> kinds;
  std::vector<StateChanged> changes;
  int failures = 0;

  void on_message(const SessionMessage& message) override { kinds.push_back(message.kind); }
  void on_state(const StateChanged& change, const StreamFailure* failure) override {
    changes.push_back(change);
    failures += failure == nullptr ? 0 : 1;
  }
};

/// A server, and a client with ids of its own.
struct Asking {
  Asking(std::vector<Answer> answers, std::vector<InstanceId> ids, StreamEnd end,
         const std::string& target = "/stream")
      : server(context, std::move(answers)),
        client(std::make_unique<RegistrationClient>(context, get(server.url(target)), fast(),
                                                    registration_workflow(), ids, hearing, end)) {}

  [[nodiscard]] std::string request_line(std::size_t index) const {
    const std::string& request = server.requests.at(index);
    return request.substr(0, request.find("\r\n"));
  }

  boost::asio::io_context context{1};
  ScriptedServer server;
  Hearing hearing;
  std::unique_ptr<RegistrationClient> client;
};

std::string update(std::string_view id, std::string_view event_id, std::string_view status) {
  return std::string("id: ")
      .append(event_id)
      .append(R"(
data: {"type":"update","data":{"registrationId":)")
      .append(id)
      .append(R"(,"status":")")
      .append(status)
      .append(R"(","id":")")
      .append(event_id)
      .append("\"}}\n\n");
}

}  // namespace

TEST_CASE("a client requests its ids in place of those in the URL") {
  Asking asking({}, {42, 43}, StreamEnd::never, "/stream?registrationId=7&tenant=a&snapshot=7");
  asking.client->connect();
  REQUIRE(run_until(asking.context, [&] { return asking.server.requests.size() == 1; }));
  CHECK(asking.request_line(0) ==
        "GET /stream?tenant=a&registrationId=42&registrationId=43 HTTP/1.1");
}

TEST_CASE("other ids replace the stream without losing it") {
  Asking asking({{.pieces = {stream_header + update("42", "7-1", "PENDING")}, .then = Then::hold},
                 {.pieces = {stream_header + update("43", "7-2", "PENDING")}, .then = Then::hold}},
                {42}, StreamEnd::never);
  asking.client->connect();
  REQUIRE(run_until(asking.context, [&] { return asking.hearing.kinds.size() == 1; }));
  CHECK(asking.client->follow(std::array{InstanceId(42), InstanceId(43)}));
  CHECK_FALSE(asking.client->follow(std::span<const InstanceId>()));
  REQUIRE(run_until(asking.context, [&] { return asking.hearing.kinds.size() == 2; }));
  CHECK(asking.request_line(1) ==
        "GET /stream?registrationId=42&registrationId=43&snapshot=43 HTTP/1.1");
  CHECK(asking.server.requests[1].find("\r\nLast-Event-ID: 7-1\r\n") != std::string::npos);
  CHECK(asking.client->view(43) != nullptr);
  CHECK(asking.hearing.failures == 0);
  const std::vector<StateChanged>& changes = asking.hearing.changes;
  REQUIRE(changes.size() == 4);
  CHECK(changes[2].reason == ConnectionReason::changed);
  CHECK(changes[2].is_connected);
  CHECK(changes[3].to == ConnectionState::open);
}

TEST_CASE("a client until the final status closes itself and leaves its loop nothing to do") {
  const std::string end = "id: 7-1-end\ndata: {\"type\":\"end\",\"id\":\"7-1\"}\n\n";
  Asking asking({{.pieces = {stream_header + update("42", "7-1", "APPROVED") + end}}}, {42},
                StreamEnd::final_status);
  asking.client->connect();
  REQUIRE(
      run_until(asking.context, [&] { return asking.client->state() == ConnectionState::closed; }));
  CHECK(asking.request_line(0) == "GET /stream?registrationId=42&until=final HTTP/1.1");
  CHECK(asking.hearing.kinds == std::vector{MessageKind::update, MessageKind::end});
  CHECK(asking.hearing.changes.back().reason == ConnectionReason::finished);
  CHECK(asking.hearing.failures == 0);
  CHECK(asking.client->last_event_id() == "7-1-end");
  REQUIRE(asking.client->view(42) != nullptr);
  CHECK(asking.client->view(42)->is_final);
}

TEST_CASE("ids that no stream can carry are refused") {
  const auto make = [](std::vector<InstanceId> ids, StreamEnd end) {
    const Asking asking({}, std::move(ids), end);
  };
  CHECK_THROWS_AS(make({0}, StreamEnd::never), std::invalid_argument);
  CHECK_THROWS_AS(make({InstanceId("a")}, StreamEnd::never), std::invalid_argument);
  CHECK_THROWS_AS(make({42, 43}, StreamEnd::final_status), std::invalid_argument);
  CHECK_THROWS_AS(make(std::vector<InstanceId>(101, 42), StreamEnd::never), std::invalid_argument);
}

TEST_CASE("a query replaces parameters of the same name and snapshots") {
  CHECK(target_asking("/s", "") == "/s");
  CHECK(target_asking("/s?id=1&snapshot=2", "") == "/s?id=1&snapshot=2");
  CHECK(target_asking("/s", "id=2") == "/s?id=2");
  CHECK(target_asking("/s?", "id=2") == "/s?id=2");
  CHECK(target_asking("/s?id=1&b=3&id&snapshot=1", "id=2&id=4") == "/s?b=3&id=2&id=4");
  CHECK(target_asking("/s?until=final&ids=1", "id=2") == "/s?until=final&ids=1&id=2");
  CHECK(target_asking("/s?until=final&b", "id=2&until=final") == "/s?b&id=2&until=final");
}
