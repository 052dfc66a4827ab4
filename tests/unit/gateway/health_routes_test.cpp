// What orchestrators and people ask a gateway: whether it works, whether it is ready, and its
// state.
#include <string>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "captured_log.hpp"
#include "gateway/gateway.hpp"
#include "gateway/health_routes.hpp"
#include "gateway_running.hpp"
#include "net_recorder.hpp"

using namespace regstream;
using namespace regstream::gateway;
namespace http = boost::beast::http;

namespace {

/// A gateway without a socket, with a broker whose obstacles the test chooses.
struct Bench {
  Bench()
      : broker(context),
        gateway(context, broker, {}),
        health_routes({&broker}, ask_the_one_loop({&gateway}, refused), {}) {
    gateway.add_to(router, access::open_guard());
    health_routes.add_to(router, access::open_guard());
    broker.begin_history({1'702'492'000'000, 0});
  }

  static constexpr net::RefusedConnections refused{.at_client_limit = 2, .at_server_limit = 3};

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
  HealthRoutes health_routes;
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
  gateway.drain(Duration::zero(), [] {});
  CHECK(not_ready() == "The gateway is shutting down.");
}

TEST_CASE_METHOD(Bench, "a gateway of several workflows is ready when all of them are") {
  Workflow loans = registration_workflow();
  loans.name = "loans";
  DictatedBroker loans_broker{context, loans};
  Gateway loans_gateway{context, loans_broker, {}};
  loans_broker.begin_history({1'702'492'000'007, 0});
  HealthRoutes of_both{
      {&broker, &loans_broker}, ask_the_one_loop({&gateway, &loans_gateway}, refused), {}};
  router = {};
  of_both.add_to(router, access::open_guard());
  broker.subscriber->on_live();
  CHECK(not_ready() == "loans: Updates can't be read: the history has not been read yet.");
  const nlohmann::json half = health();
  CHECK(half.at("status") == "degraded");
  CHECK(half.at("workflows").at("registration").at("status") == "ok");
  CHECK(half.at("workflows").at("loans").at("status") == "degraded");

  loans_broker.subscriber->on_live();
  CHECK(ask("/readyz").result() == http::status::ok);
  loans_broker.publish(R"({"registrationId":42,"status":"A"})", {}, {});
  const nlohmann::json both = health();
  CHECK(both.at("status") == "ok");
  CHECK(both.at("published") == 0);
  CHECK(both.at("workflows").at("registration").at("published") == 0);
  CHECK(both.at("workflows").at("loans").at("published") == 1);
  CHECK(both.at("workflows").at("loans").at("history").at("epoch") == 1'702'492'000'007);
  CHECK(both.at("connections").at("refused") == 3);

  gateway.drain(Duration::zero(), {});
  loans_gateway.drain(Duration::zero(), {});
  CHECK(not_ready() == "The gateway is shutting down.");
}

TEST_CASE_METHOD(Bench, "health says which history there is, and since when") {
  CHECK(health().at("history").at("epoch") == 1'702'492'000'000);
  CHECK(health().at("history").at("beganAt") == "2023-12-13T18:26:40.000Z");
  CHECK(health().at("history").at("ageSeconds").get<std::int64_t>() > 0);
  CHECK_FALSE(health().contains("redis"));
  CHECK(health().at("connections") == nlohmann::json{{"refused", 3}, {"refusedAtClientLimit", 2}});
  broker.begin_history({std::uint64_t{1} << 52U, 0});
  CHECK(health().at("history").at("beganAt").is_null());  // Made up: of the year 144'683.
}

TEST_CASE_METHOD(Bench,
                 "health says when something was last published, what came before is not it") {
  broker.subscriber->on_message({1'702'492'000'000, 1}, R"({"registrationId":42,"status":"A"})");
  broker.subscriber->on_live();
  CHECK(health().at("lastPublishedAt").is_null());
  // Nothing new, and no update.
  broker.subscriber->on_message({1'702'492'000'000, 1}, R"({"registrationId":42,"status":"A"})");
  broker.subscriber->on_message({1'702'492'000'001, 0}, R"({"registrationId":42,"status":"A"})");
  CHECK(health().at("lastPublishedAt").is_null());
  broker.subscriber->on_message({1'702'492'000'000, 2}, R"({"registrationId":42,"status":"A"})");
  CHECK_THAT(health().at("lastPublishedAt").get<std::string>(), Catch::EndsWith("Z"));
  CHECK(health().at("lastDeliveredAt").is_null());
}

TEST_CASE_METHOD(Bench, "health says what a server does behind the broker") {
  broker.server = broker::ServerHealth{.away_for = Duration{1'000},
                                       .round_trip = std::chrono::microseconds{1'500},
                                       .round_trip_max = std::chrono::microseconds{20'250},
                                       .maxmemory_policy = "noeviction",
                                       .evicts = false,
                                       .memory_used = 1'000,
                                       .memory_max = 0,
                                       .other_deployments = {"staging"}};
  const nlohmann::json redis = health().at("redis");
  CHECK(redis.at("awaySince").is_string());
  CHECK(redis.at("roundTripMs") == 1.5);
  CHECK(redis.at("roundTripMaxMs") == 20.25);
  CHECK(redis.at("maxmemoryPolicy") == "noeviction");
  CHECK(redis.at("usedMemoryBytes") == 1'000);
  CHECK(redis.at("maxMemoryBytes") == 0);
  CHECK(redis.at("otherDeployments") == nlohmann::json{"staging"});
  broker.server->maxmemory_policy = "\xff";
  CHECK(health().at("redis").at("maxmemoryPolicy") == "\xef\xbf\xbd");
  broker.server = broker::ServerHealth{};
  CHECK(health().at("redis") == nlohmann::json{{"awaySince", nullptr},
                                               {"roundTripMs", nullptr},
                                               {"roundTripMaxMs", nullptr},
                                               {"maxmemoryPolicy", nullptr},
                                               {"usedMemoryBytes", nullptr},
                                               {"maxMemoryBytes", nullptr},
                                               {"otherDeployments", nlohmann::json::array()}});
}

TEST_CASE_METHOD(Bench, "a history that begins anew is one warning, when it is live") {
  const test::CapturedLog log;
  broker.subscriber->on_live();
  CHECK(log.text().empty());
  broker.subscriber->on_message({1'702'492'000'000, 1}, R"({"registrationId":42,"status":"A"})");
  broker.lost = "Redis was flushed";
  broker.begin_history({1'702'492'000'007, 0});
  broker.begin_history({1'702'492'000'008, 0});
  broker.subscriber->on_message({1'702'492'000'008, 1}, R"({"registrationId":42,"status":"A"})");
  CHECK(log.text().empty());
  broker.subscriber->on_live();
  CHECK(log.text() ==
        "warning: a new history begins: epoch 1702492000008 replaces epoch 1702492000000, which "
        "was read up to 1, and holds 1 updates. Redis was flushed; streams that get a reset: 0\n");
}

TEST_CASE_METHOD(Bench, "updates that were missed are one warning") {
  const test::CapturedLog log;
  broker.subscriber->on_live();
  broker.begin_history({1'702'492'000'000, 7});
  broker.subscriber->on_message({1'702'492'000'000, 8}, R"({"registrationId":42,"status":"A"})");
  broker.subscriber->on_live();
  CHECK(log.text() ==
        "warning: updates were missed: after 1702492000000-0 the history goes on with "
        "1702492000000-8; streams that get a reset: 0\n");
}

TEST_CASE_METHOD(Bench, "messages that never entered the history are one warning") {
  const test::CapturedLog log;
  broker.subscriber->on_live();
  broker.begin_history({1'702'492'000'000, 1});
  broker.subscriber->on_message({1'702'492'000'000, 2}, R"({"registrationId":42,"status":"A"})");
  broker.subscriber->on_live();
  CHECK(log.text() ==
        "warning: messages were lost before they could enter the history, after 1702492000000-0; "
        "streams that get a reset: 0\n");
}
