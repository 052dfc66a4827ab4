// What orchestrators and people ask a gateway: does it work, is it ready, and how is it.
#include <string>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/gateway.hpp"
#include "gateway_running.hpp"
#include "net_recorder.hpp"

using namespace regstream;
using namespace regstream::gateway;
namespace http = boost::beast::http;

namespace {

/// A gateway without a socket, over a broker whose obstacles the test makes.
struct Bench {
  Bench() : broker(context), gateway(context, broker, {}) {
    gateway.add_routes(router);
    broker.begin_history({1'702'492'000'000, 0});
  }

  net::Response ask(const std::string& path, http::verb method = http::verb::get) {
    const auto recorder = std::make_shared<net::Recorder>();
    router.route({recorder, net::Request{method, path, 11}, net::parse_target(path).value()});
    REQUIRE(recorder->answer);
    return *recorder->answer;
  }
  std::string not_ready() {
    const net::Response answer = ask("/readyz");
    CHECK(answer.result() == http::status::service_unavailable);
    CHECK(answer[http::field::content_type] == "application/problem+json");
    CHECK(answer[http::field::retry_after] == "1");
    CHECK(ask("/livez").result() == http::status::ok);
    return nlohmann::json::parse(answer.body()).at("detail");
  }
  nlohmann::json health() {
    const net::Response answer = ask("/api/health");
    CHECK(answer.result() == http::status::ok);
    return nlohmann::json::parse(answer.body());
  }

  boost::asio::io_context context;
  DictatedBroker broker;
  net::Router router;
  Gateway gateway;
};

}  // namespace

TEST_CASE_METHOD(Bench, "what was dropped is counted by reason, and together") {
  broker.subscriber->on_message({1'702'492'000'000, 1}, "hello");
  broker.subscriber->on_message({1'702'492'000'000, 2}, R"({"registrationId":42})");
  broker.subscriber->on_message({1'702'492'000'000, 3}, R"({"registrationId":41})");
  broker.subscriber->on_message({1'702'492'000'000, 4},
                                R"({"registrationId":42,"status":"A","message":[],"details":5})");
  broker.subscriber->on_message({1'702'492'000'000, 5}, R"([{"registrationId":42,"status":"A"}])");
  broker.subscriber->on_message(
      {1'702'492'000'000, 6},
      "{\"registrationId\":42,\"status\":\"A\"}\n{\"registrationId\":42,\"status\":\"B\"}\n");
  const nlohmann::json counts = health();
  CHECK(counts.at("malformed") == 5);
  CHECK(counts.at("dropped") == nlohmann::json{{"tooLong", 0},
                                               {"notJson", 1},
                                               {"severalValues", 1},
                                               {"array", 1},
                                               {"notAnObject", 0},
                                               {"tooDeep", 0},
                                               {"registrationIdMissing", 0},
                                               {"registrationId", 0},
                                               {"registrationIdTooLarge", 0},
                                               {"statusMissing", 2},
                                               {"status", 0},
                                               {"stage", 0},
                                               {"forged", 0},
                                               {"overflowing", 0}});
  CHECK(counts.at("mistyped") == 2);
  CHECK(counts.at("published") == 1);
}

TEST_CASE_METHOD(Bench, "a gateway that can read and publish is ready") {
  broker.subscriber->on_live();
  const net::Response answer = ask("/readyz");
  CHECK(answer.result() == http::status::ok);
  CHECK(answer[http::field::content_type] == "application/json");
  CHECK(answer[http::field::cache_control] == "no-store");
  CHECK(answer.body() == R"({"status":"ok"})");
  CHECK(ask("/readyz", http::verb::head).result() == http::status::ok);
  CHECK(ask("/livez", http::verb::head).result() == http::status::ok);
  CHECK(health().at("status") == "ok");
  CHECK(health().at("reasons").empty());
}

TEST_CASE_METHOD(Bench, "a gateway that has not read the history yet is not ready") {
  CHECK(not_ready() == "Updates can't be read: the history has not been read yet.");
  CHECK(health().at("status") == "degraded");
}

TEST_CASE_METHOD(Bench, "what keeps a gateway from reading and from publishing is said") {
  broker.subscriber->on_live();
  broker.found.publishing = "redis is full";
  CHECK(not_ready() == "Updates can't be published: redis is full.");
  broker.found.reading = "redis is away";
  CHECK(not_ready() ==
        "Updates can't be read: redis is away. Updates can't be published: redis is full.");
  CHECK(health().at("status") == "degraded");
  CHECK(health().at("reasons") == nlohmann::json{"Updates can't be read: redis is away.",
                                                 "Updates can't be published: redis is full."});
  CHECK(ask("/readyz", http::verb::head).result() == http::status::service_unavailable);
}

TEST_CASE_METHOD(Bench, "a gateway that shuts down is not ready") {
  broker.subscriber->on_live();
  gateway.drain([] {});
  CHECK(not_ready() == "The gateway is shutting down.");
}
