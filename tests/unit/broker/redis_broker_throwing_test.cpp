// Handlers of a broker throw, with a real Redis.
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "captured_log.hpp"
#include "redis_broker_fixture.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using Catch::Contains;
using regstream::EventId;
using regstream::broker::PublishError;
using regstream::broker::PublishResult;
using regstream::broker::RedisBroker;
using regstream::broker::RedisOptions;
using regstream::broker::Subscriber;
using regstream::test::RedisServer;
using regstream::test::update_json;

/// Throws at the first call of each kind.
struct Throwing final : Subscriber {
  void on_history(EventId position) override {
    last = position;
    throw_once("on_history");
  }
  void on_message(EventId id, std::string_view /*message*/) override {
    last = id;
    throw_once("on_message");
  }
  void on_live() override { throw_once("on_live"); }
  void on_caught_up() override { throw_once("on_caught_up"); }

  void throw_once(const std::string& name) {
    if (thrown.insert(name).second) {
      throw std::runtime_error(name);
    }
  }

  EventId last;
  std::set<std::string> thrown;
};

struct Quiet final : Subscriber {
  void on_history(EventId /*position*/) override {}
  void on_message(EventId /*id*/, std::string_view /*message*/) override {}
  void on_live() override {}
  void on_caught_up() override {}
};

RedisOptions quick_options(const RedisServer& server) {
  RedisOptions options = regstream::test::options_of(server);
  options.timing.reply_timeout = regstream::Duration{300};
  return options;
}

/// A broker in a loop that continues after an exception.
struct Bench {
  explicit Bench(Subscriber& subscriber) { broker.subscribe(subscriber); }

  template <typename Condition>
  [[nodiscard]] bool wait(Condition condition) {
    return regstream::test::run_on_until(context, condition, [this](const std::exception& error) {
      left_loop.emplace_back(error.what());
    });
  }
  [[nodiscard]] bool wait_connected() {
    return wait([this] { return broker.is_connected(); });
  }
  /// Publishes one more, and gives its id; an empty one if that is not to be had.
  EventId publish() {
    EventId id;
    bool has_ended = false;
    broker.publish(update_json(1), {}, [&](const PublishResult& result) {
      has_ended = true;
      if (const auto* const published = std::get_if<EventId>(&result)) {
        id = *published;
      }
    });
    return wait([&] { return has_ended; }) ? id : EventId{};
  }

  RedisServer server;
  boost::asio::io_context context;
  RedisBroker broker{context, quick_options(server)};
  std::vector<std::string> left_loop;
};

}  // namespace

TEST_CASE(
    "A broker goes on after a publish handler that throws, and the exception leaves the loop") {
  const regstream::test::CapturedLog log;
  Quiet subscriber;
  Bench bench{subscriber};
  REQUIRE(bench.wait_connected());
  int ended = 0;
  SECTION("with an answer") {
    bench.broker.publish(update_json(1), {}, [&](const PublishResult& /*result*/) {
      ++ended;
      throw std::runtime_error("the handler's own");
    });
    REQUIRE(bench.wait([&] { return ended == 1; }));
  }
  SECTION("as the connection ends") {
    constexpr int count = 2'000;  // More than may be in flight, so that some are withdrawn.
    bench.server.pause();
    bool has_thrown = false;
    for (int published = 0; published < count; ++published) {
      bench.broker.publish_now(update_json(1), {}, [&](const PublishResult& result) {
        ++ended;
        if (std::holds_alternative<PublishError>(result) && !has_thrown) {
          has_thrown = true;
          throw std::runtime_error("the handler's own");
        }
      });
    }
    REQUIRE(bench.wait([&] { return has_thrown; }));
    bench.server.resume();
    REQUIRE(bench.wait([&] { return ended == count; }));
  }
  REQUIRE(bench.wait_connected());
  CHECK(bench.publish() != EventId{});
  CHECK(bench.left_loop == std::vector<std::string>{"the handler's own"});
  CHECK_THAT(log.text(),
             Contains("an error interrupted their work; retrying") && !Contains("memory"));
}

TEST_CASE("A broker delivers the history again to a subscriber that throws") {
  Throwing subscriber;
  Bench bench{subscriber};
  bench.broker.catch_up();
  REQUIRE(bench.wait([&] { return subscriber.thrown.contains("on_live"); }));
  REQUIRE(bench.publish() != EventId{});
  REQUIRE(bench.wait([&] { return subscriber.thrown.size() == 4; }));
  const EventId last = bench.publish();  // The entry after it records that messages may be lost.
  CHECK(bench.wait([&] { return bench.broker.is_connected() && subscriber.last >= last; }));
  CHECK(bench.left_loop.size() == subscriber.thrown.size());
}
