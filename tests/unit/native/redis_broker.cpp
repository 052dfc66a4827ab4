#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <hiredis/hiredis.h>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/redis_broker.hpp>

#include "broker/resp.hpp"
#include "redis_server.hpp"
#include "run_until.hpp"

namespace {

using Catch::Matchers::Contains;
using regstream::Duration;
using regstream::broker::channel_name;
using regstream::broker::PublishError;
using regstream::broker::PublishHandler;
using regstream::broker::PublishLimits;
using regstream::broker::RedisBroker;
using regstream::broker::RedisOptions;
using regstream::broker::Reply;
using regstream::broker::reply_text;
using regstream::test::RedisServer;
using regstream::test::run_until;
using Messages = std::vector<std::string>;

RedisOptions options_of(const RedisServer& server) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = server.port();
  options.timing.backoff = {Duration{5}, Duration{20}};
  return options;
}

/// Somebody else's program: hiredis, blocking, one connection.
class OtherProgram {
 public:
  explicit OtherProgram(const RedisServer& server)
      : context_(redisConnectWithTimeout("127.0.0.1", server.port(), {30, 0})) {
    redisSetTimeout(context_.get(), {30, 0});
  }

  /// How many subscribers heard it.
  long long publish(std::string_view message) {
    const auto reply = command({"PUBLISH", channel_name, message});
    return reply->integer;
  }

  void subscribe() { command({"SUBSCRIBE", channel_name}); }

  /// The next message on the channel.
  std::string hear() { return std::string{reply_text(*read()->element[2])}; }

 private:
  Reply command(std::initializer_list<std::string_view> words) {
    std::string bytes;
    regstream::broker::append_command(bytes, words);
    redisAppendFormattedCommand(context_.get(), bytes.data(), bytes.size());
    return read();
  }

  Reply read() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) {
      throw std::runtime_error(context_->errstr);
    }
    return Reply{static_cast<redisReply*>(reply)};
  }

  struct Free {
    void operator()(redisContext* context) const { redisFree(context); }
  };
  std::unique_ptr<redisContext, Free> context_;
};

/// A broker that remembers what it heard and how its publishes ended.
struct Fixture {
  explicit Fixture(const RedisOptions& options, PublishLimits limits = {})
      : broker(std::make_unique<RedisBroker>(context, options, limits)) {
    broker->subscribe([this](std::string_view message) { heard.emplace_back(message); },
                      [this] { heard.emplace_back("(gap)"); });
  }

  void publish(const std::string& message) {
    broker->publish(message, [this, message](const std::optional<PublishError>& error) {
      (error ? failed : done).push_back(message);
      if (error) {
        last_error = error->what;
      }
    });
  }

  bool wait_connected() {
    return run_until(context, [this] { return broker->is_connected(); });
  }
  bool wait_disconnected() {
    return run_until(context, [this] { return !broker->is_connected(); });
  }
  bool wait_heard(std::size_t count) {
    return run_until(context, [this, count] { return heard.size() >= count; });
  }

  boost::asio::io_context context;
  Messages heard;
  Messages done;
  Messages failed;
  std::string last_error;
  std::unique_ptr<RedisBroker> broker;
};

}  // namespace

TEST_CASE("a publish is heard by this broker, by another one, and by any program") {
  const RedisServer server;
  Fixture here{options_of(server)};
  Fixture there{options_of(server)};
  OtherProgram program{server};
  program.subscribe();
  REQUIRE(here.wait_connected());
  REQUIRE(there.wait_connected());

  here.publish("one");
  here.publish("two");

  CHECK(run_until(here.context, [&] { return here.heard.size() == 2 && here.done.size() == 2; }));
  CHECK(there.wait_heard(2));
  CHECK(here.heard == Messages{"one", "two"});
  CHECK(there.heard == Messages{"one", "two"});
  CHECK(program.hear() == "one");
  CHECK(program.hear() == "two");
}

TEST_CASE("a bare PUBLISH of any program is heard, byte for byte") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  const std::string message = std::string{"{\"message\":\"\xc3\xa9\"}\r\n\0end", 22};
  CHECK(OtherProgram{server}.publish(message) == 1);
  REQUIRE(fixture.wait_heard(1));
  CHECK(fixture.heard.front() == message);
}

TEST_CASE("a password is given to redis") {
  const RedisServer server{"s3cret"};
  auto options = options_of(server);
  options.password = "s3cret";
  Fixture fixture{options};
  fixture.publish("update");
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("what is published before redis is there waits for it") {
  const RedisServer server;
  Fixture fixture{options_of(server)};
  fixture.publish("early");
  CHECK_FALSE(fixture.broker->is_connected());
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("more publishes than may be in flight arrive in order") {
  const RedisServer server;
  Fixture fixture{options_of(server), {.in_flight_max = 3}};
  Messages sent;
  for (int i = 0; i < 500; ++i) {
    sent.push_back(std::to_string(i));
    fixture.publish(sent.back());
  }
  CHECK(fixture.wait_heard(sent.size()));
  CHECK(fixture.heard == sent);
}

TEST_CASE("after redis was killed and started again, both directions come back by themselves") {
  RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());

  server.kill();
  REQUIRE(fixture.wait_disconnected());
  const Messages queued{"1", "2", "3", "4", "5"};
  for (const auto& message : queued) {
    fixture.publish(message);
  }
  server.start();

  CHECK(fixture.wait_heard(1 + queued.size()));
  CHECK(OtherProgram{server}.publish("last") == 1);
  CHECK(fixture.wait_heard(1 + queued.size() + 1));
  CHECK(fixture.heard == Messages{"(gap)", "1", "2", "3", "4", "5", "last"});
  CHECK(run_until(fixture.context, [&] { return fixture.done == queued; }));
  CHECK(fixture.failed.empty());
}

TEST_CASE("a broker that starts before redis does finds it once it is there") {
  RedisServer server;
  server.kill();
  Fixture fixture{options_of(server)};
  fixture.publish("early");
  server.start();
  CHECK(fixture.wait_heard(1));
}

TEST_CASE("a queue that is full while redis is away refuses, and keeps what it has") {
  RedisServer server;
  server.kill();
  Fixture fixture{options_of(server), {.waiting_max = 2}};
  for (const auto* message : {"1", "2", "3"}) {
    fixture.publish(message);
  }
  CHECK(run_until(fixture.context, [&] { return !fixture.failed.empty(); }));
  CHECK(fixture.failed == Messages{"3"});
  CHECK_THAT(fixture.last_error, Contains("wait for redis already"));
  server.start();
  CHECK(fixture.wait_heard(2));
  CHECK(fixture.heard == Messages{"1", "2"});
}

TEST_CASE(
    "a publish whose acknowledgement was lost is not sent again, and its outcome is unknown") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.reply_timeout = Duration{1'000};
  options.timing.connect_timeout = Duration{1'000};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());
  OtherProgram witness{server};
  witness.subscribe();
  fixture.publish("acknowledged");
  REQUIRE(run_until(fixture.context, [&] { return fixture.done.size() == 1; }));

  server.pause();
  fixture.publish("unknown");
  REQUIRE(run_until(fixture.context, [&] { return fixture.failed.size() == 1; }));
  CHECK_THAT(fixture.last_error, Contains("not known"));
  server.resume();
  fixture.publish("later");
  REQUIRE(run_until(fixture.context, [&] { return fixture.done.size() == 2; }));

  // Redis found it in its socket when it woke up; a second one would stand before the later update.
  CHECK(witness.hear() == "acknowledged");
  CHECK(witness.hear() == "unknown");
  CHECK(witness.hear() == "later");
}

TEST_CASE("a redis that stands still is noticed, and found again") {
  const RedisServer server;
  auto options = options_of(server);
  options.timing.ping_interval = Duration{50};
  options.timing.reply_timeout = Duration{300};
  options.timing.connect_timeout = Duration{300};
  Fixture fixture{options};
  REQUIRE(fixture.wait_connected());

  server.pause();
  CHECK(fixture.wait_disconnected());
  server.resume();
  CHECK(fixture.wait_connected());
}

TEST_CASE("a message beyond the limit is refused before it is sent") {
  const RedisServer server;
  Fixture fixture{options_of(server), {.message_bytes_max = 100'000}};
  fixture.publish(std::string(100'001, 'z'));
  CHECK(run_until(fixture.context, [&] { return fixture.failed.size() == 1; }));
}

TEST_CASE("a subscriber is told of a gap when redis is back, and only then") {
  RedisServer server;
  Fixture fixture{options_of(server)};
  REQUIRE(fixture.wait_connected());
  fixture.publish("before");
  REQUIRE(fixture.wait_heard(1));
  server.kill();
  REQUIRE(fixture.wait_disconnected());
  fixture.publish("meanwhile");
  server.start();
  REQUIRE(fixture.wait_heard(3));
  CHECK(fixture.heard == Messages{"before", "(gap)", "meanwhile"});
}

TEST_CASE("a wrong password leaves the broker away, and its publishes waiting") {
  const RedisServer server{"s3cret"};
  auto options = options_of(server);
  options.password = "wrong";
  Fixture fixture{options};
  fixture.publish("update");
  for (int step = 0; step < 50; ++step) {
    fixture.context.run_one();
  }
  CHECK_FALSE(fixture.broker->is_connected());
  CHECK(fixture.done.empty());
}

TEST_CASE("a broker without a subscriber publishes") {
  const RedisServer server;
  boost::asio::io_context context;
  RedisBroker broker{context, options_of(server)};
  bool is_done = false;
  broker.publish("update", [&is_done](const auto& error) { is_done = !error; });
  CHECK(run_until(context, [&is_done] { return is_done; }));
  CHECK(broker.is_connected());
}

TEST_CASE("a destroyed redis broker calls nobody, and leaves nothing to run") {
  RedisServer server;
  auto fixture = std::make_unique<Fixture>(options_of(server));

  SECTION("destroyed before it connected") {
    fixture->publish("update");
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->done.empty());
    CHECK(fixture->heard.empty());
  }
  SECTION("destroyed while connected, with publishes under way") {
    REQUIRE(fixture->wait_connected());
    fixture->publish("update");
    fixture->context.run_one();
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->done.empty());
  }
  SECTION("destroyed between attempts") {
    server.kill();
    REQUIRE(run_until(fixture->context, [step = 0]() mutable { return ++step == 20; }));
    fixture->broker.reset();
    fixture->context.run();
    CHECK(fixture->heard.empty());
  }
  SECTION("destroyed by its subscriber") {
    fixture->broker->subscribe([&fixture](std::string_view) { fixture->broker.reset(); }, {});
    fixture->publish("one");
    fixture->publish("two");
    fixture->context.run();
    CHECK_FALSE(fixture->broker);
  }
  SECTION("destroyed by the handler of a publish") {
    fixture->broker->publish("one", [&fixture](const auto&) { fixture->broker.reset(); });
    fixture->context.run();
    CHECK_FALSE(fixture->broker);
  }
  SECTION("destroyed by the handler of a publish that was lost") {
    REQUIRE(fixture->wait_connected());
    server.pause();
    fixture->broker->publish("one", [&fixture](const auto&) { fixture->broker.reset(); });
    fixture->publish("two");
    // Both are in flight before the connection is reset.
    while (fixture->context.poll_one() != 0) {
    }
    server.kill();
    fixture->context.run();
    CHECK_FALSE(fixture->broker);
    CHECK(fixture->failed.empty());
  }
}
