#include <map>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include <regstream/broker/redis_options.hpp>

using regstream::broker::read_redis_options;
using regstream::broker::redis_address;
using regstream::broker::RedisOptions;

namespace {

using Variables = std::map<std::string, std::string>;

RedisOptions read(const Variables& variables, std::optional<std::string_view> argument = {}) {
  return read_redis_options(argument, [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

std::string error_of(const Variables& variables, std::optional<std::string_view> argument = {}) {
  try {
    read(variables, argument);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("without environment and argument redis is at localhost:6379 without a password") {
  const auto options = read({});
  CHECK(redis_address(options) == "localhost:6379");
  CHECK(options.password.empty());
}

TEST_CASE("the environment names host and port and password of redis") {
  const auto options =
      read({{"REDIS_HOST", "cache.bank"}, {"REDIS_PORT", "7000"}, {"REDIS_PASSWORD", "s3cret"}});
  CHECK(redis_address(options) == "cache.bank:7000");
  CHECK(options.password == "s3cret");
}

TEST_CASE("an empty variable counts as not set") {
  const auto options = read({{"REDIS_HOST", ""}, {"REDIS_PORT", ""}, {"REDIS_PASSWORD", ""}});
  CHECK(redis_address(options) == "localhost:6379");
}

TEST_CASE("a bad REDIS_PORT is an error that names it and its value") {
  for (const std::string port : {"0",
                                 "65536",
                                 "-1",
                                 "+1",
                                 "6379x",
                                 "6379/tcp",
                                 "99999999999999",
                                 "x",
                                 " ",
                                 " 6379",
                                 "6379 ",
                                 "tcp://",
                                 "tcp://host",
                                 "tcp://host:",
                                 "tcp://:6379",
                                 "tcp://host:0",
                                 "tcp://host:65536",
                                 "tcp://a:b:6379",
                                 "tcp://10.0.0.1:6379/",
                                 "tcp://[::1:6379",
                                 "tcp://[]:6379",
                                 "udp://10.0.0.1:6379",
                                 "TCP://10.0.0.1:6379",
                                 "6379,6380"}) {
    CAPTURE(port);
    CHECK(error_of({{"REDIS_PORT", port}}) ==
          "REDIS_PORT: \"" + port + "\" is not a port; give a number from 1 to 65535");
  }
}

TEST_CASE("only the port of a Kubernetes service link counts") {
  CHECK(redis_address(read({{"REDIS_PORT", "tcp://10.0.0.1:7000"}})) == "localhost:7000");
  CHECK(redis_address(read({{"REDIS_PORT", "tcp://[fd00::1]:7000"}, {"REDIS_HOST", "cache"}})) ==
        "cache:7000");
  CHECK(redis_address(read({{"REDIS_PORT", "tcp://redis.default.svc:7000"}})) == "localhost:7000");
}

TEST_CASE("a quoted value is bounded and can't control a terminal") {
  CHECK_THAT(error_of({{"REDIS_PORT", "\x1b[2J\u009b"}}), Catch::Contains(R"("\u001b[2J\u009b")"));
  CHECK(error_of({}, std::string(100'000, '/')).size() < 400);
}

TEST_CASE("the argument overrides host and port and keeps the password") {
  const Variables variables{
      {"REDIS_HOST", "cache.bank"}, {"REDIS_PORT", "bad"}, {"REDIS_PASSWORD", "s3cret"}};
  const auto options = read(variables, "other:7001");
  CHECK(redis_address(options) == "other:7001");
  CHECK(options.password == "s3cret");
  CHECK(redis_address(read(variables, "other")) == "other:6379");
}

TEST_CASE("an IPv6 address stands in brackets with or without a port") {
  CHECK(read({}, "[::1]:7000").host == "::1");
  CHECK(redis_address(read({}, "[::1]:7000")) == "[::1]:7000");
  CHECK(redis_address(read({}, "[fe80::1]")) == "[fe80::1]:6379");
}

TEST_CASE("a REDIS_HOST that is more than a host is refused without its password") {
  for (const std::string host : {"redis://user:s3cret@host:6379", "user:s3cret@host", "host/0",
                                 "ho st", "[::1]", " ", "host:6379", "host\x1b", "host?a"}) {
    CAPTURE(host);
    const auto error = error_of({{"REDIS_HOST", host}});
    CHECK_THAT(error, Catch::Matchers::StartsWith("REDIS_HOST: \""));
    CHECK_THAT(error, !Catch::Contains("s3cret"));
  }
  CHECK(redis_address(read({{"REDIS_HOST", "::1"}})) == "[::1]:6379");
}

TEST_CASE("an argument that is no HOST:PORT is refused without its password") {
  for (const std::string_view argument :
       {"", ":6379", "host:", "host:0", "host:70000", "host:port", "::1", "[::1", "[]:1", "[::1]x",
        "//user:s3cret@host:6379", "user:s3cret@host", "s3cret@host", "host/0", "ho st",
        "s3cret@[::1", " "}) {
    CAPTURE(argument);
    const auto error = error_of({}, argument);
    CHECK_THAT(error, Catch::Matchers::StartsWith("--redis: \""));
    CHECK_THAT(error, !Catch::Contains("s3cret"));
  }
}

TEST_CASE("an argument may be a URL without credentials") {
  const Variables variables{{"REDIS_URL", "rediss://app:other@cache.bank"},
                            {"REDIS_USERNAME", "gateway"},
                            {"REDIS_PASSWORD", "s3cret"}};
  const auto options = read(variables, "redis://other:7001");
  CHECK(redis_address(options) == "other:7001");
  CHECK_FALSE(options.tls);
  CHECK(options.username == "gateway");
  CHECK(options.password == "s3cret");
  CHECK(read(variables, "rediss://other").tls);
}

TEST_CASE("user and password in an argument are refused with the remedy") {
  for (const std::string_view argument : {"redis://user:s3cret@host:6379", "redis://:s3cret@host",
                                          "redis://s3cret@host", "rediss://user:s3%63ret@host/0"}) {
    CAPTURE(argument);
    const auto error = error_of({}, argument);
    CHECK_THAT(error, Catch::Matchers::StartsWith("--redis: takes no user and no password"));
    CHECK_THAT(error, Catch::Contains("REDIS_PASSWORD") && Catch::Contains("REDIS_URL"));
    CHECK_THAT(error, !Catch::Contains("s3cret") && !Catch::Contains("s3%63ret"));
  }
}

TEST_CASE("the history's limits are moved into what redis can keep") {
  using regstream::Duration;
  using regstream::broker::bounded;
  const auto least = bounded({.length_max = 0, .bytes_max = 0, .key_lifetime = Duration{-1}});
  CHECK(least.length_max == 1);
  CHECK(least.bytes_max == 2U << 20U);
  CHECK(least.key_lifetime == Duration{1'000});
  const auto most =
      bounded({.length_max = SIZE_MAX, .bytes_max = SIZE_MAX, .key_lifetime = Duration::max()});
  CHECK(most.length_max == 1'000'000);
  CHECK(most.bytes_max == std::size_t{4} << 30U);
  CHECK(most.key_lifetime == Duration{86'400'000});
}
