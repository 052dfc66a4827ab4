#include "access/redis_ticket_store.hpp"

#include <optional>
#include <string>
#include <utility>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "redis_server.hpp"
#include "run_until.hpp"

namespace regstream::access {
namespace {

using test::RedisServer, test::run_until;

const Workflow& registration = registration_workflow();

broker::RedisOptions options_of(const RedisServer& server) {
  broker::RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.timing.backoff = {Duration{1}, Duration{20}};
  return options;
}

/// One gateway's store, asked one thing after the other.
class Gateway {
 public:
  explicit Gateway(const broker::RedisOptions& options) : store_(context_, options) {}

  bool keep(const std::string& name, const std::string& sealed) {
    std::optional<bool> result;
    store_.keep(registration, name, sealed, [&result](const TicketStore::KeepResult& kept) {
      result = std::holds_alternative<TicketKept>(kept);
    });
    REQUIRE(run_until(context_, [&result] { return result.has_value(); }));
    return *result;
  }
  /// What it has, "none" or "away".
  std::string redeem(const std::string& name, const Workflow& workflow = registration) {
    std::optional<TicketStore::RedeemResult> result;
    store_.redeem(workflow, name,
                  [&result](TicketStore::RedeemResult redeemed) { result = std::move(redeemed); });
    REQUIRE(run_until(context_, [&result] { return result.has_value(); }));
    const auto* const sealed = std::get_if<std::string>(&*result);
    return sealed != nullptr                           ? *sealed
           : std::holds_alternative<NoTicket>(*result) ? "none"
                                                       : "away";
  }
  boost::asio::io_context& context() { return context_; }
  RedisTicketStore& store() { return store_; }

 private:
  boost::asio::io_context context_;
  RedisTicketStore store_;
};

TEST_CASE("a ticket in Redis is redeemed once by any gateway", "[access][redis]") {
  const RedisServer server;
  Gateway one(options_of(server));
  Gateway two(options_of(server));
  const std::string sealed("any\0bytes\r\n", 11);
  CHECK(one.keep("name", sealed));
  Workflow other = registration;
  other.channel = "other";
  CHECK(two.redeem("name", other) == "none");
  CHECK(two.redeem("name") == sealed);
  CHECK(one.redeem("name") == "none");
  CHECK(two.redeem("name") == "none");
}

TEST_CASE("of two gateways that redeem a ticket at once one succeeds", "[access][redis]") {
  const RedisServer server;
  Gateway one(options_of(server));
  Gateway two(options_of(server));
  for (int round = 0; round < 50; ++round) {
    REQUIRE(one.keep("name", "sealed"));
    int taken = 0;
    int answers = 0;
    for (Gateway* const gateway : {&one, &two, &one, &two}) {
      gateway->store().redeem(registration, "name", [&](const TicketStore::RedeemResult& result) {
        taken += std::holds_alternative<std::string>(result) ? 1 : 0;
        ++answers;
      });
    }
    REQUIRE(run_until(two.context(), [&] { return answers >= 2; }));
    REQUIRE(run_until(one.context(), [&] { return answers == 4; }));
    CHECK(taken == 1);
  }
}

TEST_CASE("tickets are away while Redis is and come back with it", "[access][redis]") {
  RedisServer server;
  Gateway gateway(options_of(server));
  CHECK(gateway.keep("name", "sealed"));
  server.kill();
  CHECK(gateway.redeem("name") == "away");
  CHECK_FALSE(gateway.keep("name", "sealed"));
  server.start();
  while (!gateway.keep("name", "sealed")) {
    gateway.context().restart();
    gateway.context().run_one();
  }
  CHECK(gateway.redeem("name") == "sealed");
}

TEST_CASE("a Redis that refuses writes keeps no tickets", "[access][redis]") {
  const RedisServer server;
  broker::RedisOptions options = options_of(server);
  Gateway gateway(options);
  CHECK(gateway.keep("name", "sealed"));
  options.password = "wrong";
  Gateway stranger(options);
  CHECK(stranger.redeem("name") == "away");
  CHECK(gateway.redeem("name") == "sealed");
}

}  // namespace
}  // namespace regstream::access
