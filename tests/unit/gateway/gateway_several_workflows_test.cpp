// Gateways of several workflows on one loop: each has its turns and its own streams.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "gateway/gateway.hpp"
#include "gateway_running.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net_client.hpp"
#include "run_until.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

Workflow loans() {
  Workflow workflow = registration_workflow();
  workflow.name = "loans";
  workflow.id_member = "loanId";
  workflow.channel = "service:loans";
  workflow.stream_path = "/api/loans/stream";
  return workflow;
}

/// Both on this thread, which turns the loop by itself.
struct Bench {
  explicit Bench(const hub::StreamPumpOptions& options = {})
      : server(context, router, {.address = "127.0.0.1", .port = 0}),
        gateway(context, broker, options),
        loans_gateway(context, loans_broker, options) {
    for (Gateway* const one : {&gateway, &loans_gateway}) {
      one->add_to(router, access::open_guard());
    }
    for (DictatedBroker* const one : {&broker, &loans_broker}) {
      one->begin_history({RunningGateway::epoch, 0});
      one->subscriber->on_live();
    }
  }

  void open(const Gateway& of, std::size_t count) {
    for (std::size_t index = 0; index < count; ++index) {
      clients.push_back(std::make_unique<net::Client>(server.port()));
      clients.back()->get(of.workflow().stream_path);
    }
    REQUIRE(test::run_until(context, [&] { return of.pump().hub().subscriptions() == count; }));
    context.restart();
    context.poll();  // Each has got its greeting.
  }
  static std::uint64_t deliveries(const Gateway& of) {
    return of.pump().hub().counters().deliveries;
  }

  boost::asio::io_context context;
  Workflow workflow = loans();
  DictatedBroker broker{context};
  DictatedBroker loans_broker{context, workflow};
  net::Router router;
  net::Server server;
  Gateway gateway;
  Gateway loans_gateway;
  std::vector<std::unique_ptr<net::Client>> clients;
};

}  // namespace

TEST_CASE("a flood in one workflow delays another's message by one slice at most") {
  hub::StreamPumpOptions options;
  SECTION("of many streams") {
    options.slice_streams_max = 2;
  }
  SECTION("of many bytes") {
    options.slice_bytes_max = 200;
  }
  Bench bench(options);
  constexpr std::size_t streams = 20;
  bench.open(bench.gateway, streams);
  bench.open(bench.loans_gateway, 1);

  // One turn of the loop brings all of it.
  const int updates = GENERATE(1, 50);
  for (int count = 0; count < updates; ++count) {
    bench.broker.publish(R"({"registrationId":42,"status":"PENDING","message":"a flood of them"})",
                         {}, {});
  }
  bench.loans_broker.publish(R"({"loanId":1,"status":"PENDING"})", {}, {});
  while (Bench::deliveries(bench.loans_gateway) == 0) {
    REQUIRE(bench.context.run_one() == 1);
  }
  // A slice ends with a complete stream: at most two streams here.
  CHECK(Bench::deliveries(bench.gateway) <= 2U * static_cast<unsigned>(updates));

  REQUIRE(test::run_until(bench.context, [&] {
    return Bench::deliveries(bench.gateway) == streams * static_cast<unsigned>(updates);
  }));
}

TEST_CASE("workflows get nothing of each other and read messages by their own words") {
  Bench bench;
  bench.open(bench.gateway, 1);
  bench.open(bench.loans_gateway, 1);
  bench.loans_broker.publish(R"({"registrationId":1,"status":"PENDING"})", {}, {});
  bench.loans_broker.publish(R"({"loanId":1,"status":"PENDING"})", {}, {});
  bench.context.restart();
  bench.context.poll();
  CHECK(Bench::deliveries(bench.loans_gateway) == 1);
  CHECK(Bench::deliveries(bench.gateway) == 0);
  CHECK(bench.loans_gateway.pump().hub().counters().malformed.total() == 1);
}

TEST_CASE("the limit of streams counts the streams of all workflows") {
  hub::StreamPumpOptions options;
  options.streams = std::make_shared<hub::StreamCount>(2);
  hub::StreamPump pump{options};
  hub::StreamPump other{options};
  auto first = pump.admit({});
  const auto second = other.admit({});
  CHECK(std::holds_alternative<hub::StreamPlace>(first));
  CHECK(std::holds_alternative<hub::StreamPlace>(second));
  CHECK(std::get<hub::StreamRefusal>(pump.admit({})) == hub::StreamRefusal::full);
  CHECK(pump.streams_refused() == 1);
  CHECK(other.streams_refused() == 0);
  first = hub::StreamRefusal::draining;  // Its place is given back.
  CHECK(std::holds_alternative<hub::StreamPlace>(other.admit({})));
}
