#include "broker/redis_failure.hpp"

#include <algorithm>

#include <boost/asio/error.hpp>

#include "broker/history_names.hpp"

namespace regstream::broker {
namespace {

std::string redis_at(const RedisPeer& peer) {
  return (peer.login == RedisLogin::sentinel ? "the sentinel at " : "redis at ") +
         to_string(peer.address);
}

/// A peer's text on one line of bounded length, without control characters for somebody's terminal.
std::string printable(std::string_view text) {
  constexpr std::size_t length_max = 160;
  std::string line{text.substr(0, length_max)};
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > length_max ? line + "..." : line;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// What AUTH with a password alone says of a default user without one. Redis before 6, and since.
bool has_no_password(std::string_view reply) {
  return contains(reply, "no password is set") ||
         contains(reply, "without any password configured");
}

}  // namespace

RedisFailure resolve_failure(const RedisPeer& peer) {
  return {
      RedisFailureKind::unresolvable,
      redis_at(peer) + ": the host's name is not known: check REDIS_HOST (or --redis HOST:PORT)"};
}

RedisFailure connect_failure(const RedisPeer& peer, const boost::system::error_code& error) {
  if (error == boost::asio::error::connection_refused) {
    return {RedisFailureKind::refused,
            redis_at(peer) +
                " refused the connection: is redis-server running? Start it, or set REDIS_HOST and "
                "REDIS_PORT (or --redis HOST:PORT) to where it runs"};
  }
  return {RedisFailureKind::unreachable,
          redis_at(peer) + " can't be reached (" + error.message() +
              "): check REDIS_HOST and REDIS_PORT (or --redis HOST:PORT) and the network"};
}

RedisFailure connect_timeout_failure(const RedisPeer& peer, Duration waited) {
  return {RedisFailureKind::timed_out,
          redis_at(peer) + " did not answer within " + std::to_string(waited.count()) +
              " ms: check that it is up, that host and port are right, and the firewall"};
}

RedisFailure lost_failure(const RedisPeer& peer, const boost::system::error_code& error) {
  const std::string how =
      error == boost::asio::error::eof ? "it closed the connection" : error.message();
  return {RedisFailureKind::lost, "lost " + redis_at(peer) + " (" + how + ")"};
}

RedisFailure interrupted_failure(const RedisPeer& peer) {
  return {RedisFailureKind::lost,
          "gave up " + redis_at(peer) + ", since an error interrupted what was under way"};
}

RedisFailure silent_failure(const RedisPeer& peer) {
  return {RedisFailureKind::silent, "lost " + redis_at(peer) + " (no answer within " +
                                        std::to_string(peer.options->timing.reply_timeout.count()) +
                                        " ms): is it stopped or overloaded, or the network cut?"};
}

RedisFailure flushed_failure(const RedisPeer& peer) {
  return {RedisFailureKind::flushed,
          redis_at(peer) + " was flushed while updates were on their way to it"};
}

RedisFailure not_redis_failure(const RedisPeer& peer) {
  return {RedisFailureKind::not_redis,
          "what listens at " + to_string(peer.address) +
              " does not speak Redis's protocol: check REDIS_HOST and REDIS_PORT (or --redis "
              "HOST:PORT); TLS is not supported"};
}

RedisFailure oversized_failure(const RedisPeer& peer, std::size_t bytes_max) {
  return {RedisFailureKind::oversized, redis_at(peer) + " sent a message of more than " +
                                           std::to_string(bytes_max) +
                                           " bytes: find its publisher"};
}

RedisFailure reply_failure(const RedisPeer& peer, std::string_view reply) {
  const auto code = reply_code(reply);
  const auto redis = redis_at(peer);
  const HistoryNames names{peer.options->workflow->channel};
  if (code == "NOAUTH") {
    return {RedisFailureKind::password, redis + ": password missing: set REDIS_PASSWORD"};
  }
  if (code == "WRONGPASS" || contains(reply, "invalid password")) {
    return {RedisFailureKind::password,
            redis +
                ": password wrong, or the default user is off (ACL): set REDIS_PASSWORD to that "
                "user's password, and leave it on; other users are not supported yet"};
  }
  if (has_no_password(reply)) {
    return {RedisFailureKind::password,
            redis + " has no password, and does not take one: unset REDIS_PASSWORD"};
  }
  if (const auto* const passing = find_passing_error(reply)) {
    return {RedisFailureKind::passing, redis + describe(*passing), passing};
  }
  if (contains(reply, "max number of clients")) {
    return {RedisFailureKind::crowded,
            redis +
                " has as many clients as it takes: raise maxclients, or find who keeps so many "
                "connections"};
  }
  if (code == "NOPERM") {
    return {RedisFailureKind::rejected,
            redis +
                " does not permit it (NOPERM): the user needs +ping +subscribe +publish +eval "
                "+evalsha +script|load +select +time +exists +xinfo|stream +xrange +xadd +xdel "
                "+del +get +set, the keys ~" +
                names.all_keys() + " and the channels &" + names.channel() + " and &" +
                names.adopted_channel() + ", and, to notice more, +info +config|get +xread"};
  }
  if (code == "WRONGTYPE") {
    return {RedisFailureKind::rejected,
            redis +
                " holds something else where the history belongs (WRONGTYPE): rename or delete the "
                "key " +
                names.history()};
  }
  if (code == "DENIED") {
    return {RedisFailureKind::rejected,
            redis +
                " is in protected mode, which lets in local clients only (DENIED): give it a "
                "password, and set REDIS_PASSWORD here"};
  }
  return {RedisFailureKind::rejected, redis + " answered: " + printable(reply)};
}

RedisFailure auth_failure(const RedisPeer& peer, std::string_view reply,
                          std::string_view ping_reply) {
  if (has_no_password(reply) && reply_code(ping_reply) == "NOAUTH") {
    return {RedisFailureKind::password,
            redis_at(peer) +
                " wants a user's name, as its default user is off (ACL), and other users are not "
                "supported yet: give the default user a password (ACL SETUSER default on >…), and "
                "set REDIS_PASSWORD to it"};
  }
  auto failure = reply_failure(peer, reply);
  if (failure.what.find("answered: ") != std::string::npos) {
    failure.what = redis_at(peer) + " refused the AUTH command (" + std::string{reply_code(reply)} +
                   "): check that it takes AUTH with a password only";
  }
  return failure;
}

}  // namespace regstream::broker
