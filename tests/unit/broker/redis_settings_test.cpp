#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "broker/redis_settings.hpp"

using Catch::Contains;
using regstream::Duration;
using regstream::broker::Environment;
using regstream::broker::names_redis;
using regstream::broker::read_redis_settings;
using regstream::broker::redis_settings;
using regstream::broker::RedisAddress;
using regstream::broker::RedisArguments;
using regstream::broker::RedisOptions;
using regstream::broker::RedisSetting;
using regstream::broker::SettingKind;

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment_of(const Variables& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

RedisOptions read(const Variables& variables, const RedisArguments& arguments = {}) {
  return read_redis_settings(arguments, environment_of(variables));
}

std::string error_of(const Variables& variables, const RedisArguments& arguments = {}) {
  try {
    read(variables, arguments);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "no error";
}

const Variables sentinels{{"REDIS_SENTINELS", "s1, s2:7000 ,[::1]"}, {"REDIS_MASTER_NAME", "bank"}};

}  // namespace

TEST_CASE("each setting has an option or a variable and a secret has no option") {
  for (const auto& definition : redis_settings) {
    const std::string option = definition.option;
    const std::string variable = definition.variable;
    CAPTURE(option, variable);
    CHECK_FALSE((option.empty() && variable.empty()));
    CHECK((option.empty() || option.starts_with("--redis")));
    CHECK((variable.empty() || variable.starts_with("REDIS_")));
    CHECK((option.empty() == (std::string{definition.meaning}.empty())));
    CHECK_FALSE((variable.find("PASSWORD") != std::string::npos && !option.empty()));
  }
}

TEST_CASE("REDIS_URL says where redis is and whether by TLS and who logs in") {
  const auto options = read({{"REDIS_URL", "rediss://app:s3cr%65t@cache.bank:7000/0"}});
  CHECK(redis_address(options) == "cache.bank:7000");
  CHECK(options.username == "app");
  CHECK(options.password == "s3cret");
  REQUIRE(options.tls);
  CHECK(options.tls->ca_file.empty());
  CHECK_FALSE(read({{"REDIS_URL", "redis://cache.bank"}}).tls);
}

TEST_CASE("what a URL leaves out other variables say") {
  const auto options = read({{"REDIS_URL", "rediss://cache.bank"},
                             {"REDIS_USERNAME", "app"},
                             {"REDIS_PASSWORD", "s3cret"},
                             {"REDIS_CA_FILE", "ca.pem"},
                             {"REDIS_CERT_FILE", "client.pem"},
                             {"REDIS_KEY_FILE", "client.key"},
                             {"REDIS_SERVER_NAME", "redis.bank"}});
  CHECK(options.username == "app");
  CHECK(options.password == "s3cret");
  REQUIRE(options.tls);
  CHECK(options.tls->ca_file == "ca.pem");
  CHECK(options.tls->certificate_file == "client.pem");
  CHECK(options.tls->key_file == "client.key");
  CHECK(options.tls->server_name == "redis.bank");
}

TEST_CASE("an option comes before its variable") {
  const auto options = read({{"REDIS_USERNAME", "variable"},
                             {"REDIS_TLS", "true"},
                             {"REDIS_CA_FILE", "variable"},
                             {"REDIS_WAIT_REPLICAS", "1"}},
                            {{RedisSetting::server, {"cache.bank"}},
                             {RedisSetting::username, {"option"}},
                             {RedisSetting::ca_file, {"option"}},
                             {RedisSetting::wait_replicas, {"2"}},
                             {RedisSetting::wait_timeout, {"50"}}});
  CHECK(options.username == "option");
  REQUIRE(options.tls);
  CHECK(options.tls->ca_file == "option");
  CHECK(options.wait_replicas == 2);
  CHECK(options.wait_timeout == Duration{50});
}

TEST_CASE("an option that says where redis is comes before all variables that do") {
  Variables variables = sentinels;
  variables["REDIS_URL"] = "not even a URL";
  variables["REDIS_PORT"] = "bad";
  const auto options = read(variables, {{RedisSetting::server, {"cache.bank"}}});
  CHECK(redis_address(options) == "cache.bank:6379");
  CHECK(options.sentinels.empty());
  const auto nodes = read(variables, {{RedisSetting::cluster_nodes, {"n1", "n2:7000"}}});
  CHECK(nodes.cluster_nodes ==
        std::vector<RedisAddress>{{.host = "n1", .port = 6379}, {.host = "n2", .port = 7000}});
}

TEST_CASE("sentinels are a list with a port of their own by default") {
  Variables variables = sentinels;
  variables["REDIS_SENTINEL_USERNAME"] = "asker";
  variables["REDIS_SENTINEL_PASSWORD"] = "0ther";
  variables["REDIS_PASSWORD"] = "s3cret";
  variables["REDIS_TLS"] = "true";
  const auto options = read(variables);
  CHECK(options.sentinels == std::vector<RedisAddress>{{.host = "s1", .port = 26379},
                                                       {.host = "s2", .port = 7000},
                                                       {.host = "::1", .port = 26379}});
  CHECK(options.master_name == "bank");
  CHECK(options.sentinel_username == "asker");
  CHECK(options.sentinel_password == "0ther");
  CHECK(options.password == "s3cret");
  CHECK(options.tls);
  CHECK(redis_address(options) == "bank (sentinels s1:26379, s2:7000, [::1]:26379)");
}

TEST_CASE("a URL and a host that name one address are one place") {
  CHECK(
      read({{"REDIS_URL", "rediss://cache:7000"}, {"REDIS_HOST", "cache"}, {"REDIS_PORT", "7000"}})
          .tls);
  // What Kubernetes says of a service named redis is of no use beside a URL.
  CHECK(redis_address(read({{"REDIS_URL", "redis://cache"},
                            {"REDIS_PORT", "tcp://10.0.0.1:7000"}})) == "cache:6379");
}

TEST_CASE("the same user and password may be said twice") {
  const auto options = read({{"REDIS_URL", "redis://app:s3cret@cache"},
                             {"REDIS_USERNAME", "app"},
                             {"REDIS_PASSWORD", "s3cret"},
                             {"REDIS_TLS", "false"}});
  CHECK(options.username == "app");
  CHECK(options.password == "s3cret");
}

TEST_CASE("what contradicts itself is refused and named without what is secret") {
  struct Case {
    Variables variables;
    std::string part;
    RedisArguments arguments = {};
  };
  const auto wanted = GENERATE(values<Case>({
      {{{"REDIS_URL", "redis://:s3cret@a"}, {"REDIS_HOST", "b"}},
       "REDIS_URL and REDIS_HOST both say where Redis is"},
      {{{"REDIS_URL", "redis://a"}, {"REDIS_HOST", "a"}, {"REDIS_PORT", "7000"}},
       "REDIS_URL and REDIS_HOST both say where Redis is"},
      {{{"REDIS_URL", "redis://a"}, {"REDIS_SENTINELS", "s"}, {"REDIS_MASTER_NAME", "m"}},
       "REDIS_URL and REDIS_SENTINELS both say where Redis is"},
      {{{"REDIS_SENTINELS", "s"}, {"REDIS_MASTER_NAME", "m"}, {"REDIS_CLUSTER_NODES", "n"}},
       "REDIS_SENTINELS and REDIS_CLUSTER_NODES both say where Redis is"},
      {{{"REDIS_HOST", "a"}, {"REDIS_CLUSTER_NODES", "n"}},
       "REDIS_HOST and REDIS_CLUSTER_NODES both say where Redis is"},
      {{},
       "--redis and --redis-sentinels both say where Redis is",
       {{RedisSetting::server, {"a"}}, {RedisSetting::sentinels, {"s"}}}},
      {{{"REDIS_URL", "redis://:s3cret@a"}, {"REDIS_PASSWORD", "other-s3cret"}},
       "REDIS_URL and REDIS_PASSWORD name two passwords"},
      {{{"REDIS_URL", "redis://app:s3cret@a"}, {"REDIS_USERNAME", "gateway"}},
       "REDIS_URL and REDIS_USERNAME name two users"},
      {{{"REDIS_URL", "redis://a"}, {"REDIS_TLS", "true"}},
       "REDIS_URL and REDIS_TLS contradict each other"},
      {{{"REDIS_URL", "rediss://a"}, {"REDIS_TLS", "false"}},
       "REDIS_URL and REDIS_TLS contradict each other"},
      {{{"REDIS_TLS", "true"}},
       "--redis and REDIS_TLS contradict each other",
       {{RedisSetting::server, {"redis://a"}}}},
      {{{"REDIS_HOST", "a"}, {"REDIS_CA_FILE", "f"}}, "REDIS_CA_FILE is for TLS"},
      {{{"REDIS_URL", "redis://a"}, {"REDIS_CERT_FILE", "f"}}, "REDIS_CERT_FILE is for TLS"},
      {{{"REDIS_HOST", "a"}, {"REDIS_KEY_FILE", "f"}}, "REDIS_KEY_FILE is for TLS"},
      {{{"REDIS_HOST", "a"}},
       "--redis-server-name is for TLS",
       {{RedisSetting::server_name, {"n"}}}},
      {{{"REDIS_URL", "rediss://a"}, {"REDIS_CERT_FILE", "f"}},
       "REDIS_CERT_FILE needs REDIS_KEY_FILE"},
      {{{"REDIS_URL", "rediss://a"}, {"REDIS_KEY_FILE", "f"}},
       "REDIS_KEY_FILE needs REDIS_CERT_FILE"},
      {{{"REDIS_SENTINELS", "s"}}, "sentinels need REDIS_MASTER_NAME"},
      {{{"REDIS_HOST", "a"}, {"REDIS_MASTER_NAME", "m"}}, "REDIS_MASTER_NAME is of sentinels"},
      {{{"REDIS_HOST", "a"}, {"REDIS_SENTINEL_PASSWORD", "s3cret"}},
       "REDIS_SENTINEL_PASSWORD is of sentinels"},
  }));
  const auto error = error_of(wanted.variables, wanted.arguments);
  CHECK_THAT(error, Contains(wanted.part) && !Contains("s3cret"));
}

TEST_CASE("an invalid value is refused with the name of its source") {
  struct Case {
    std::string variable;
    std::string value;
    std::string part;
  };
  const auto wanted = GENERATE(values<Case>({
      {"REDIS_TLS", "yes please", "is neither true nor false"},
      {"REDIS_WAIT_REPLICAS", "-1", "is no number from 0 to 100"},
      {"REDIS_WAIT_REPLICAS", "101", "is no number from 0 to 100"},
      {"REDIS_WAIT_REPLICAS", "1.5", "is no number from 0 to 100"},
      {"REDIS_WAIT_REPLICAS", "99999999999999999999", "is no number from 0 to 100"},
      {"REDIS_WAIT_TIMEOUT", "0", "is no number from 1 to 4000"},
      {"REDIS_WAIT_TIMEOUT", "4001", "is no number from 1 to 4000"},
      {"REDIS_SENTINELS", "a,,b", "names no host"},
      {"REDIS_SENTINELS", ",", "names no host"},
      {"REDIS_SENTINELS", "a:0", "has no port"},
      {"REDIS_SENTINELS", "redis://:s3cret@a", "is a URL"},
      {"REDIS_SENTINELS", "s3cret@a", "names no host"},
      {"REDIS_CLUSTER_NODES", "::1", "in brackets"},
      {"REDIS_CLUSTER_NODES", "a b", "names no host"},
  }));
  CAPTURE(wanted.variable, wanted.value);
  Variables variables{{wanted.variable, wanted.value}};
  if (wanted.variable == "REDIS_SENTINELS") {
    variables["REDIS_MASTER_NAME"] = "m";
  }
  const auto error = error_of(variables);
  CHECK_THAT(error, Catch::StartsWith(wanted.variable + ": ") && Contains(wanted.part) &&
                        !Contains("s3cret"));
}

TEST_CASE("a list of servers is bounded") {
  std::string list = "h";
  for (int i = 0; i < 32; ++i) {
    list += ",h";
  }
  CHECK_THAT(error_of({{"REDIS_CLUSTER_NODES", list}}), Contains("more than 32 servers"));
}

TEST_CASE("only settings that say where redis is name it") {
  const auto names = [](const Variables& variables, const RedisArguments& arguments = {}) {
    return names_redis(arguments, environment_of(variables));
  };
  CHECK_FALSE(names({}));
  CHECK_FALSE(names({{"REDIS_URL", ""}, {"REDIS_PORT", "6379"}, {"REDIS_PASSWORD", "s3cret"}}));
  CHECK_FALSE(names({}, {{RedisSetting::server, {}}, {RedisSetting::ca_file, {"f"}}}));
  CHECK(names({{"REDIS_URL", "redis://a"}}));
  CHECK(names({{"REDIS_HOST", "a"}}));
  CHECK(names({{"REDIS_SENTINELS", "a"}}));
  CHECK(names({{"REDIS_CLUSTER_NODES", "a"}}));
  CHECK(names({}, {{RedisSetting::server, {"a"}}}));
}
