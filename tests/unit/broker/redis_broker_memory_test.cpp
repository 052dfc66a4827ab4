// Memory runs out at each of a broker's allocations in turn, with a real Redis.
#include <exception>
#include <string>
#include <string_view>
#include <variant>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "failing_allocation.hpp"
#include "redis_broker_fixture.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using regstream::EventId;
using regstream::UncountedAllocations;
using regstream::broker::PublishResult;
using regstream::broker::RedisBroker;
using regstream::broker::Subscriber;
using regstream::test::RedisServer;

struct Heard final : Subscriber {
  void on_history(EventId position) override { last = position; }
  void on_message(EventId id, std::string_view /*message*/) override { last = id; }
  void on_live() override {}
  void on_caught_up() override { ++caught_up; }
  EventId last;
  int caught_up = 0;
};

/// Without memory for an operation's result, Asio calls no handler, and only the connection's
/// timeout ends it.
template <typename Condition>
bool run_on_until(boost::asio::io_context& context, Condition condition) {
  return regstream::test::run_on_until(context, condition, [](const std::exception& /*error*/) {});
}

}  // namespace

TEST_CASE("A broker comes back by itself from memory that ran out anywhere") {
  const int in_a_row = GENERATE(1, 2, 4, 8);
  const RedisServer server;
  auto options = regstream::test::options_of(server);
  options.timing.connect_timeout = regstream::Duration{100};
  options.history.length_max = 8;  // Each round reads all of it.
  int failures = 0;
  for (bool has_failed = true; has_failed; ++failures) {
    CAPTURE(in_a_row, failures);
    boost::asio::io_context context;
    Heard heard;
    RedisBroker broker{context, options};
    broker.subscribe(heard);
    broker.catch_up();
    int ended = 0;
    EventId last;
    const auto publish = [&] {
      const UncountedAllocations uncounted;
      broker.publish(R"({"registrationId":1,"status":"PENDING"})", {},
                     [&](const PublishResult& result) {
                       ++ended;
                       if (const auto* const id = std::get_if<EventId>(&result)) {
                         last = *id;
                       }
                     });
    };
    publish();
    regstream::fail_allocation_after(failures, in_a_row);
    // Nothing is asked of it until it is back.
    REQUIRE(run_on_until(context, [&] { return ended == 1 && broker.is_connected(); }));
    publish();
    publish();
    REQUIRE(run_on_until(context, [&] { return ended == 3 && broker.is_connected(); }));
    has_failed = regstream::end_failing_allocation();
    // And it continues to work.
    publish();
    REQUIRE(run_on_until(context, [&] {
      return ended == 4 && broker.is_connected() && heard.last >= last && heard.caught_up > 0;
    }));
  }
  CHECK(failures > 100);
}

TEST_CASE("A broker comes back by itself after a while without any memory") {
  const RedisServer server;
  for (int failures = 0; failures < 20; ++failures) {
    CAPTURE(failures);
    boost::asio::io_context context;
    Heard heard;
    RedisBroker broker{context, regstream::test::options_of(server)};
    broker.subscribe(heard);
    regstream::fail_allocation_after(failures, 50);
    const bool is_back = run_on_until(context, [&] { return broker.is_connected(); });
    const bool has_failed = regstream::end_failing_allocation();  // The checks need memory, too.
    REQUIRE(is_back);
    REQUIRE(has_failed);
  }
}
