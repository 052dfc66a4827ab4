#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/publish_route.hpp"
#include "net_recorder.hpp"

/// The route with a broker that the test plays.
namespace regstream::test {

namespace http = boost::beast::http;
using gateway::PublishRoute;
using nlohmann::json;

/// Records what is published, and answers as the test chooses.
class ScriptedBroker final : public broker::Broker {
 public:
  using Broker::Broker;

  void publish(std::string message, std::string key, broker::PublishHandler done) override {
    messages.push_back(std::move(message));
    keys.push_back(std::move(key));
    if (result) {
      done(*result);
    } else {
      unanswered.push_back(std::move(done));
    }
  }
  void subscribe(broker::Subscriber& /*subscriber*/) override {}
  void catch_up() override {}
  [[nodiscard]] bool is_connected() const override { return connected; }

  std::optional<broker::PublishResult> result = EventId{1'702'493'000'000, 17};
  bool connected = true;
  std::vector<std::string> messages;
  std::vector<std::string> keys;
  std::vector<broker::PublishHandler> unanswered;
};

struct PublishRouteBench {
  explicit PublishRouteBench(PublishRoute::Options options = {},
                             const Workflow& workflow = registration_workflow())
      : broker(workflow), route(context, broker, with_clock(std::move(options))) {
    route.add_to(router, access::open_guard());
  }
  static PublishRoute::Options with_clock(PublishRoute::Options options) {
    options.now_timestamp_ms = [] { return std::int64_t{1'702'493'000'123}; };
    return options;
  }

  struct Field {
    const char* name;
    std::string value;
  };
  std::shared_ptr<net::Recorder> send(const std::string& body,
                                      const std::vector<Field>& fields = {},
                                      const std::string& target = "/api/registrations/42/updates",
                                      const char* type = "application/json; charset=utf-8") {
    auto recorder = std::make_shared<net::Recorder>();
    net::Request request{http::verb::post, target, 11};
    request.set(http::field::content_type, type);
    for (const Field& field : fields) {
      request.insert(field.name, field.value);
    }
    request.body() = body;
    router.route({recorder, std::move(request), net::parse_target(target).value()});
    return recorder;
  }
  /// The message that `body` was published as.
  json published(const std::string& body) {
    const auto recorder = send(body);
    INFO(recorder->answer->body());
    REQUIRE(recorder->answer->result() == http::status::created);
    return json::parse(broker.messages.back());
  }
  /// The detail of the problem that a request is answered with.
  static std::string problem(const std::shared_ptr<net::Recorder>& recorder, http::status status) {
    REQUIRE(recorder->answer);
    CHECK(recorder->answer->result() == status);
    CHECK((*recorder->answer)[http::field::content_type] == "application/problem+json");
    return json::parse(recorder->answer->body()).at("detail");
  }
  std::string refused(const std::string& body) {
    std::string detail = problem(send(body), http::status::bad_request);
    CHECK(broker.messages.empty());
    return detail;
  }

  boost::asio::io_context context;
  ScriptedBroker broker;
  net::Router router;
  PublishRoute route;
};

}  // namespace regstream::test
