#include <string>

#include <catch2/catch.hpp>

#include "broker/redis_once.hpp"
#include "redis_server.hpp"

namespace {

using Catch::Matchers::Contains;
using regstream::Duration;
using regstream::broker::check_redis;
using regstream::broker::publish_once;
using regstream::broker::RedisFailure;
using regstream::broker::RedisFailureKind;
using regstream::broker::RedisOptions;
using regstream::test::RedisServer;

RedisOptions options_at(std::uint16_t port, std::string password = {}) {
  RedisOptions options;
  options.host = "127.0.0.1";
  options.port = port;
  options.password = std::move(password);
  return options;
}

}  // namespace

TEST_CASE("the check of a redis that would serve us finds nothing") {
  const RedisServer open;
  CHECK_FALSE(check_redis(options_at(open.port())));
  const RedisServer closed{"s3cret"};
  CHECK_FALSE(check_redis(options_at(closed.port(), "s3cret")));
}

TEST_CASE("the check says what to do about a password") {
  const RedisServer closed{"s3cret"};
  const auto redis = "redis at 127.0.0.1:" + std::to_string(closed.port());
  CHECK(check_redis(options_at(closed.port())) == redis + ": password missing: set REDIS_PASSWORD");
  CHECK(check_redis(options_at(closed.port(), "wr0ng")) ==
        redis + ": password wrong: set REDIS_PASSWORD to the one that redis expects");
  const RedisServer open;
  CHECK_THAT(check_redis(options_at(open.port(), "s3cret")).value(),
             Contains("unset REDIS_PASSWORD") && !Contains("s3cret"));
}

TEST_CASE("the check says what to do about a redis that does not run") {
  const auto port = regstream::test::unused_port();
  CHECK_THAT(check_redis(options_at(port)).value(),
             Contains("redis at 127.0.0.1:" + std::to_string(port) +
                      " refused the connection: is redis-server running?"));
}

TEST_CASE("the check gives up on a redis that stands still") {
  const RedisServer server;
  server.pause();
  CHECK_THAT(check_redis(options_at(server.port()), Duration{100}).value(),
             Contains("did not answer within 100 ms"));
}

TEST_CASE("the check says what to do about a host that is not known") {
  auto options = options_at(6379);
  options.host = "no-such-host.invalid";
  CHECK_THAT(check_redis(options).value(),
             Contains("no-such-host.invalid") && Contains("REDIS_HOST"));
}

TEST_CASE("a single publish gives the number of subscribers") {
  const RedisServer server;
  CHECK(std::get<std::uint64_t>(publish_once(options_at(server.port()), "{}")) == 0);
}

TEST_CASE("a single publish that redis refuses says why") {
  const RedisServer server{"s3cret"};
  const auto result = publish_once(options_at(server.port()), "{}");
  CHECK(std::get<RedisFailure>(result).kind == RedisFailureKind::password);
}
