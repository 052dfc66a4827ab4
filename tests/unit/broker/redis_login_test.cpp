#include <string>
#include <string_view>
#include <variant>

#include <catch2/catch.hpp>

#include "broker/redis_login.hpp"

using Catch::Contains;
using regstream::broker::Command;
using regstream::broker::LoginExchange;
using regstream::broker::RedisFailure;
using regstream::broker::RedisFailureKind;
using regstream::broker::RedisLogin;
using regstream::broker::RedisOptions;
using regstream::broker::RedisPeer;
using regstream::broker::RespReader;

namespace {

LoginExchange::Result answer(LoginExchange& login, std::string_view resp) {
  RespReader reader;
  REQUIRE(reader.feed(resp));
  return login.on_reply(*reader.next());
}

const RedisFailure& failure_of(const LoginExchange::Result& result) {
  return std::get<RedisFailure>(result);
}

}  // namespace

TEST_CASE("a login sends AUTH only if the options name credentials and then PING") {
  struct Case {
    std::string username;
    std::string password;
    std::vector<Command> commands;
  };
  const auto wanted = GENERATE(values<Case>({
      {"", "", {{"PING"}}},
      {"", "s3cret", {{"AUTH", "s3cret"}, {"PING"}}},
      {"app", "s3cret", {{"AUTH", "app", "s3cret"}, {"PING"}}},
      {"app", "", {{"AUTH", "app", ""}, {"PING"}}},
  }));
  RedisOptions options;
  options.username = wanted.username;
  options.password = wanted.password;
  options.sentinel_username = "asker";
  options.sentinel_password = "0ther";
  CHECK(LoginExchange{options}.commands() == wanted.commands);
  const RedisPeer sentinel{options, {}, RedisLogin::sentinel};
  CHECK(LoginExchange{sentinel}.commands() ==
        std::vector<Command>{{"AUTH", "asker", "0ther"}, {"PING"}});
}

TEST_CASE("a login without credentials is ready once redis answers") {
  const RedisOptions options;
  LoginExchange login{options};
  SECTION("PING") {
    CHECK(std::holds_alternative<LoginExchange::Ready>(answer(login, "+PONG\r\n")));
  }
  SECTION("that its disk is full") {
    CHECK(std::holds_alternative<LoginExchange::Ready>(answer(login, "-MISCONF disk\r\n")));
  }
  SECTION("or fails when it wants a password") {
    CHECK(failure_of(answer(login, "-NOAUTH Authentication required.\r\n")).kind ==
          RedisFailureKind::password);
  }
}

TEST_CASE("a login that is refused waits for the answer that says more") {
  RedisOptions options;
  options.username = "app";
  options.password = "s3cret";
  LoginExchange login{options};
  CHECK(std::holds_alternative<LoginExchange::Asked>(
      answer(login, "-WRONGPASS invalid username-password pair or user is disabled.\r\n")));
  const RedisFailure lost{RedisFailureKind::lost, "lost"};
  CHECK(login.explain_end(lost).kind == RedisFailureKind::password);
  const auto failure = failure_of(answer(login, "-NOAUTH Authentication required.\r\n"));
  CHECK(failure.kind == RedisFailureKind::password);
  CHECK_THAT(failure.what, Contains("REDIS_USERNAME") && !Contains("s3cret") && !Contains("app"));
}

TEST_CASE("an accepted login does not explain a later end") {
  RedisOptions options;
  options.password = "s3cret";
  LoginExchange login{options};
  const RedisFailure lost{RedisFailureKind::lost, "lost"};
  CHECK(std::holds_alternative<LoginExchange::Asked>(answer(login, "+OK\r\n")));
  CHECK(login.explain_end(lost).what == "lost");
  CHECK(std::holds_alternative<LoginExchange::Ready>(answer(login, "+PONG\r\n")));
}
