#include <string>

#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

#include "broker/redis_failure.hpp"

using Catch::Contains;
using regstream::broker::auth_failure;
using regstream::broker::connect_failure;
using regstream::broker::may_heal;
using regstream::broker::not_redis_failure;
using regstream::broker::public_reason;
using regstream::broker::RedisFailureKind;
using regstream::broker::RedisLogin;
using regstream::broker::RedisOptions;
using regstream::broker::RedisPeer;
using regstream::broker::reply_failure;
using regstream::broker::resolve_failure;

namespace {

RedisOptions options() {
  RedisOptions result;
  result.host = "cache.bank";
  result.password = "s3cret";
  return result;
}

}  // namespace

TEST_CASE("error replies of redis become sentences that say what to do") {
  struct Case {
    std::string reply;
    RedisFailureKind kind;
    std::string part;
  };
  const auto [reply, kind, part] = GENERATE(values<Case>({
      {"NOAUTH Authentication required.", RedisFailureKind::password, "set REDIS_PASSWORD"},
      {"WRONGPASS invalid username-password pair or user is disabled.", RedisFailureKind::password,
       "password wrong"},
      {"ERR invalid password", RedisFailureKind::password, "password wrong"},
      {"ERR AUTH <password> called without any password configured for the default user. Are you "
       "sure your configuration is correct?",
       RedisFailureKind::password, "unset REDIS_PASSWORD"},
      {"ERR Client sent AUTH, but no password is set", RedisFailureKind::password,
       "unset REDIS_PASSWORD"},
      {"LOADING Redis is loading the dataset in memory", RedisFailureKind::passing,
       "still loading"},
      {"MISCONF Redis is configured to save RDB snapshots", RedisFailureKind::passing, "disk"},
      {"READONLY You can't write against a read only replica.", RedisFailureKind::passing,
       "takes no updates for now: it is a replica"},
      {"NOPERM this user has no permissions", RedisFailureKind::rejected, "+publish"},
      {"ERR The user executing the script can't run this command or subcommand script: 1a2b, on "
       "@user_script:1.",
       RedisFailureKind::rejected, "NOPERM"},
      {"ERR ACL failure in script: User default has no permissions to run the 'get' command "
       "script: 1a2b, on @user_script:1.",
       RedisFailureKind::rejected, "NOPERM"},
      {"WRONGTYPE Operation against a key holding the wrong kind of value",
       RedisFailureKind::rejected, "{service:registration-updates}:history"},
      {"DENIED Redis is running in protected mode", RedisFailureKind::rejected, "protected mode"},
      {"ERR max number of clients reached", RedisFailureKind::crowded, "raise maxclients"},
  }));
  CAPTURE(reply);
  const auto failure = reply_failure(options(), reply);
  CHECK(failure.kind == kind);
  CHECK_THAT(failure.what, Contains(part));
  CHECK_THAT(failure.what, Contains("redis at cache.bank:6379"));
  CHECK(auth_failure(options(), reply).kind == kind);
}

TEST_CASE("a reply to AUTH that quotes the password is not quoted") {
  const std::string reply = "ERR unknown command 'AUTH', with args beginning with: 's3cret'";
  const auto failure = auth_failure(options(), reply);
  CHECK_THAT(failure.what, !Contains("s3cret"));
  CHECK_THAT(failure.what, Contains("refused the AUTH command (ERR)"));
}

TEST_CASE("an error reply is quoted on one line of bounded length") {
  const auto failure = reply_failure(options(), "ERR \x1b[2J\n" + std::string(10'000, 'x'));
  CHECK_THAT(failure.what, Contains("answered: ERR ?[2J?xxx"));
  CHECK(failure.what.size() < 250);
}

TEST_CASE("the public reason of a failure names no host and quotes nothing") {
  for (const auto* reply : {"ERR cache.bank s3cret", "WRONGPASS cache.bank", "NOPERM cache.bank"}) {
    const auto reason = public_reason(reply_failure(options(), reply));
    CHECK_THAT(reason, Contains("redis") && !Contains("cache.bank") && !Contains("s3cret"));
  }
  CHECK(public_reason(reply_failure(options(), "OOM cache.bank")) ==
        "redis takes no updates for now: it has no memory left: raise maxmemory (OOM)");
  CHECK(public_reason(connect_failure(options(), boost::asio::error::connection_refused)) ==
        "redis refuses the connection");
}

TEST_CASE("failures that may pass differ from those that need a person") {
  const auto heals = [](const char* reply) {
    return may_heal(reply_failure(options(), reply).kind);
  };
  CHECK(heals("LOADING Redis is loading the dataset in memory"));
  CHECK(heals("OOM command not allowed when used memory > 'maxmemory'."));
  CHECK(heals("ERR max number of clients reached"));
  CHECK_FALSE(heals("NOAUTH Authentication required."));
  CHECK_FALSE(heals("WRONGPASS invalid username-password pair or user is disabled."));
  CHECK_FALSE(heals("NOPERM this user has no permissions"));
  CHECK_FALSE(heals("DENIED Redis is running in protected mode"));
  CHECK(may_heal(resolve_failure(options()).kind));
  CHECK(may_heal(connect_failure(options(), boost::asio::error::connection_refused).kind));
  CHECK(may_heal(connect_failure(options(), boost::asio::error::network_unreachable).kind));
  CHECK_FALSE(may_heal(not_redis_failure(options()).kind));
  CHECK_FALSE(may_heal(RedisFailureKind::insecure));
}

TEST_CASE("a wrong password says which variables to look at: a user's or a sentinel's") {
  auto redis = options();
  redis.sentinels = {{.host = "sentinel.bank", .port = 26379}};
  const auto* const reply = "WRONGPASS invalid username-password pair or user is disabled.";
  const RedisPeer server{redis, {.host = "10.0.0.1", .port = 6379}, RedisLogin::server};
  const RedisPeer sentinel{redis, redis.sentinels.front(), RedisLogin::sentinel};
  CHECK_THAT(reply_failure(server, reply).what,
             Contains("redis at 10.0.0.1:6379: password wrong") && Contains("set REDIS_PASSWORD"));
  CHECK_THAT(reply_failure(sentinel, reply).what,
             Contains("the sentinel at sentinel.bank:26379: password wrong") &&
                 Contains("set REDIS_SENTINEL_PASSWORD"));
  redis.username = "app";
  CHECK_THAT(reply_failure(server, reply).what,
             Contains("no such user") && Contains("REDIS_USERNAME and REDIS_PASSWORD"));
}

TEST_CASE("an unknown host is blamed on the setting that named it") {
  auto redis = options();
  const auto what = [&redis] {
    return resolve_failure({redis, {.host = "a", .port = 1}, RedisLogin::server}).what;
  };
  CHECK_THAT(what(), Contains("redis at a:1") && Contains("REDIS_HOST"));
  redis.sentinels = {{.host = "s", .port = 26379}};
  CHECK_THAT(what(), Contains("sentinels announce") && !Contains("REDIS_HOST"));
  redis.sentinels.clear();
  redis.cluster_nodes = {{.host = "n", .port = 6379}};
  CHECK_THAT(what(), Contains("REDIS_CLUSTER_NODES") && !Contains("REDIS_HOST"));
}

TEST_CASE("TLS's bytes are recognized among those of other protocols") {
  CHECK_THAT(not_redis_failure(options(), "\x15\x03\x01").what, Contains("write rediss://"));
  CHECK_THAT(not_redis_failure(options(), "HTTP/1.1 400").what,
             Contains("does not speak Redis's protocol"));
}

TEST_CASE("a refused connection asks whether redis-server runs") {
  const auto failure = connect_failure(options(), boost::asio::error::connection_refused);
  CHECK(failure.kind == RedisFailureKind::refused);
  CHECK_THAT(failure.what, Contains("redis at cache.bank:6379 refused the connection: is "
                                    "redis-server running?"));
}

TEST_CASE("any other failure to connect names its cause") {
  const auto failure = connect_failure(options(), boost::asio::error::network_unreachable);
  CHECK(failure.kind == RedisFailureKind::unreachable);
  CHECK_THAT(failure.what, Contains("Network is unreachable"));
}
