#include <chrono>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/error_code.hpp>
#include <catch2/catch.hpp>

#include <regstream/broker/publish_limits.hpp>

#include "broker/redis_once.hpp"
#include "redis_program.hpp"
#include "redis_refusal.hpp"
#include "redis_server.hpp"

namespace {

using Catch::Contains;
using regstream::Duration;
using regstream::EventId;
using regstream::broker::check_redis;
using regstream::broker::publish_once;
using regstream::broker::RedisFailure;
using regstream::broker::RedisFailureKind;
using regstream::broker::RedisOptions;
using regstream::test::OtherProgram;
using regstream::test::RedisRefusal;
using regstream::test::RedisServer;
using regstream::test::stamped_json;
using regstream::test::update_json;

RedisOptions options_at(std::uint16_t port, std::string password = {}) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.password = std::move(password);
  return options;
}

}  // namespace

TEST_CASE("the check of a usable redis finds nothing") {
  const RedisServer open;
  CHECK_FALSE(check_redis(options_at(open.port())));
  const RedisServer closed{"s3cret"};
  CHECK_FALSE(check_redis(options_at(closed.port(), "s3cret")));
}

TEST_CASE("the check says what to do about a password") {
  const RedisServer closed{"s3cret"};
  const auto redis = "redis at 127.0.0.1:" + std::to_string(closed.port());
  CHECK(check_redis(options_at(closed.port())).value().what ==
        redis + ": password missing: set REDIS_PASSWORD");
  CHECK(check_redis(options_at(closed.port(), "wr0ng")).value().what ==
        redis +
            ": password wrong, or the default user is off (ACL): set REDIS_PASSWORD, and "
            "REDIS_USERNAME if that is another user's");
  const RedisServer open;
  CHECK_THAT(check_redis(options_at(open.port(), "s3cret")).value().what,
             Contains("unset REDIS_PASSWORD") && !Contains("s3cret"));
}

TEST_CASE("the check says what to do about a redis that requires a user name") {
  const RedisServer server;
  OtherProgram other{server};
  other.command({"ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all"});
  auto as_app = options_at(server.port(), "s3cret");
  as_app.username = "app";
  CHECK_FALSE(check_redis(as_app));
  const auto what = [&server](const char* password) {
    return check_redis(options_at(server.port(), password)).value().what;
  };
  SECTION("and has a default user without a password, that is off") {
    other.command({"ACL", "SETUSER", "default", "off"});
    CHECK_THAT(what("s3cret"), Contains("requires a user name") && Contains("set REDIS_USERNAME") &&
                                   !Contains("s3cret"));
    CHECK_FALSE(check_redis(as_app));
    CHECK_THAT(what(""), Contains("password missing"));
  }
  SECTION("and has a default user with a password, that is off") {
    other.command({"ACL", "SETUSER", "default", "off", "resetpass", ">other"});
    CHECK_THAT(what("s3cret"), Contains("password wrong, or the default user is off"));
    CHECK_THAT(what("other"), Contains("password wrong, or the default user is off"));
  }
  SECTION("of those who need more than the default user's rights") {
    CHECK_THAT(what("s3cret"), Contains("unset REDIS_PASSWORD"));
    CHECK_FALSE(check_redis(options_at(server.port())));
  }
}

TEST_CASE("the check says what to do about a redis that does not run") {
  const auto port = regstream::test::unused_port();
  CHECK_THAT(check_redis(options_at(port)).value().what,
             Contains("redis at 127.0.0.1:" + std::to_string(port) +
                      " refused the connection: is redis-server running?"));
}

TEST_CASE("the check asks one sentinel or node after another with their own credentials") {
  const RedisServer other{"s3cret"};
  RedisOptions options;
  const regstream::broker::RedisAddress dead{.host = "127.0.0.1",
                                             .port = regstream::test::unused_port()};
  const regstream::broker::RedisAddress alive{.host = "127.0.0.1", .port = other.port()};
  SECTION("sentinels") {
    options.password = "another";
    options.sentinels = {dead, alive};
    CHECK_THAT(check_redis(options).value().what,
               Contains("the sentinel at 127.0.0.1") && Contains("REDIS_SENTINEL_PASSWORD"));
    options.sentinel_password = "s3cret";
    CHECK_FALSE(check_redis(options));
  }
  SECTION("nodes") {
    options.cluster_nodes = {dead, alive};
    CHECK_THAT(check_redis(options).value().what, Contains("set REDIS_PASSWORD"));
    options.password = "s3cret";
    CHECK_FALSE(check_redis(options));
    options.cluster_nodes = {dead};
    CHECK(check_redis(options).value().kind == RedisFailureKind::refused);
  }
}

TEST_CASE("the check distinguishes a full redis from one that refuses") {
  const RedisServer server;
  OtherProgram only{server};
  only.command({"CONFIG", "SET", "maxclients", "1"});
  const auto password = GENERATE(as<std::string>{}, "", "s3cret");
  const auto failure = check_redis(options_at(server.port(), password)).value();
  CHECK(failure.kind == RedisFailureKind::crowded);
  CHECK_THAT(failure.what, Contains("raise maxclients"));
}

TEST_CASE("the check gives up on a frozen redis") {
  const RedisServer server;
  server.pause();
  CHECK_THAT(check_redis(options_at(server.port()), Duration{100}).value().what,
             Contains("did not answer within 100 ms"));
}

TEST_CASE("the check says what to do about an unknown host") {
  auto options = options_at(6379);
  options.host = "no-such-host.invalid";
  CHECK_THAT(check_redis(options).value().what,
             Contains("no-such-host.invalid") && Contains("REDIS_HOST"));
}

TEST_CASE("a single publish enters the history once under one key") {
  const RedisServer server;
  const auto options = options_at(server.port());
  const auto publish = [&options](int number, const std::string& key) {
    return std::get<EventId>(publish_once(options, update_json(number), key));
  };
  const auto first = publish(1, "key");
  CHECK(first.sequence == 1);
  CHECK(publish(1, "key") == first);
  CHECK(publish(2, "").sequence == 2);
  CHECK(publish(2, "").sequence == 3);
  const auto entries = OtherProgram{server}.history().entries;
  REQUIRE(entries.size() == 3);
  CHECK(entries.front().message == stamped_json(update_json(1), first));
}

TEST_CASE("a single publish that redis refuses says why") {
  const RedisServer server{"s3cret"};
  const auto result = publish_once(options_at(server.port()), update_json(1));
  CHECK(std::get<RedisFailure>(result).kind == RedisFailureKind::password);
}

TEST_CASE("a single publish over a limit is the caller's mistake and asks redis nothing") {
  const auto options = options_at(regstream::test::unused_port());
  constexpr regstream::broker::PublishLimits limits;
  const std::string largest(limits.message_bytes_max, ' ');
  const std::string longest(limits.key_bytes_max, 'k');
  CHECK(std::get<RedisFailure>(publish_once(options, largest, longest)).kind ==
        RedisFailureKind::refused);
  CHECK_THROWS_WITH(publish_once(options, largest + ' ', longest), Contains("make it smaller"));
  CHECK_THROWS_WITH(publish_once(options, largest, longest + 'k'), Contains("make it shorter"));
}

TEST_CASE("a single publish counts once enough replicas have it") {
  const RedisServer server;
  auto options = options_at(server.port());
  options.wait_replicas = 1;
  options.wait_timeout = Duration{50};
  const auto result = publish_once(options, update_json(1), {}, Duration{1'000});
  const auto& failure = std::get<RedisFailure>(result);
  CHECK(failure.kind == RedisFailureKind::unreplicated);
  CHECK_THAT(failure.what, Contains("whether subscribers heard it is not known"));
  // It was sent again, and not doubled.
  CHECK(OtherProgram{server}.history().entries.size() == 1);
}

TEST_CASE("a single publish of text that is not an object is refused") {
  const RedisServer server;
  const auto result = publish_once(options_at(server.port()), "text");
  CHECK_THAT(std::get<RedisFailure>(result).what, Contains("not a JSON object"));
}

TEST_CASE("one update is tried again while redis refuses in passing and published once") {
  RedisServer server;
  // A busy server does not count the calls that it refuses.
  const auto code =
      GENERATE(as<std::string>{}, "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY");
  CAPTURE(code);
  RedisRefusal refusal{server, code};
  std::thread operator_thread{[&refusal] {
    refusal.wait_refused(3);
    refusal.end();
  }};
  const auto result = publish_once(options_at(server.port()), update_json(1), {}, Duration{30'000});
  operator_thread.join();
  CHECK(std::holds_alternative<EventId>(result));
  CHECK(OtherProgram{server}.history().entries.size() == 1);
}

TEST_CASE("one update whose answer can't be read is sent again under its key") {
  using boost::asio::ip::tcp;
  boost::asio::io_context context;
  tcp::acceptor acceptor{context, {boost::asio::ip::address_v4::loopback(), 0}};
  std::vector<std::string> calls;
  const tcp::endpoint endpoint = acceptor.local_endpoint();
  std::thread server{[&] {
    boost::system::error_code ignored;
    for (const std::string answer : {":1\r\n", "*1\r\n$3\r\n7-1\r\n"}) {
      tcp::socket socket = acceptor.accept();
      std::string& heard = calls.emplace_back();
      const auto read_until = [&](const std::string& end) {
        boost::asio::read_until(socket, boost::asio::dynamic_buffer(heard), end, ignored);
      };
      read_until("PING\r\n");
      boost::asio::write(socket, boost::asio::buffer("+PONG\r\n", 7), ignored);
      read_until(update_json(1));
      boost::asio::write(socket, boost::asio::buffer(answer), ignored);
      boost::asio::read(socket, boost::asio::dynamic_buffer(heard), ignored);
    }
  }};
  const auto result =
      publish_once(options_at(endpoint.port()), update_json(1), {}, Duration{30'000});
  tcp::socket{context}.connect(endpoint);  // In the place of a second one, if there was none.
  server.join();
  CHECK(std::get<EventId>(result) == EventId{.epoch = 7, .sequence = 1});
  REQUIRE(calls.size() == 2);
  CHECK(calls[0] == calls[1]);
}

TEST_CASE("one update is given up with the reason when redis refuses for too long") {
  RedisServer server;
  const auto code = GENERATE(from_range(RedisRefusal::codes()));
  RedisRefusal refusal{server, code};
  const auto began = std::chrono::steady_clock::now();
  const auto result = publish_once(options_at(server.port()), update_json(1), {}, Duration{1'500});
  CHECK_THAT(std::get<RedisFailure>(result).what, Contains(code) && !Contains("not known"));
  // It has tried again.
  CHECK(std::chrono::steady_clock::now() - began > std::chrono::milliseconds{500});
  refusal.end();
}
