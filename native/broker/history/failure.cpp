#include "broker/history/failure.hpp"

#include "broker/topology/address.hpp"

namespace regstream::broker {

std::string describe(const PassingError& error) {
  return " takes no updates for now: " + std::string{error.reason} + " (" +
         std::string{error.code} + ')';
}

RedisFailure mistyped_failure() {
  return {RedisFailureKind::not_redis, "redis gave another answer than it was asked for"};
}

RedisFailure moved_failure() {
  return {RedisFailureKind::moved,
          "redis's address leads to another server than before (a failover), and connections to "
          "the old one were left"};
}

RedisFailure moved_failure(const RedisAddress& address) {
  return {RedisFailureKind::moved,
          "another redis has the history now (a failover, or its slot was moved): connecting to " +
              to_string(address)};
}

RedisFailure replica_failure(const RedisAddress& address) {
  return {RedisFailureKind::moved,
          "redis at " + to_string(address) +
              " is a replica, though it was named as the primary: asking for the primary again"};
}

RedisFailure unreplicated_failure(std::size_t reached, std::size_t wanted) {
  return {RedisFailureKind::unreplicated,
          "of the " + std::to_string(wanted) + " replicas that have to have an update (WAIT) " +
              std::to_string(reached) +
              " have it in time: it is sent again, and does not count as published until then"};
}

RedisFailure unnamed_failure(const RedisAddress& address) {
  return {RedisFailureKind::unnamed,
          "redis at " + to_string(address) +
              " does not tell its run_id and master_replid (INFO), by which a failover is noticed: "
              "permit its user +info"};
}

bool may_heal(RedisFailureKind kind) {
  switch (kind) {
    case RedisFailureKind::unresolvable:
    case RedisFailureKind::refused:
    case RedisFailureKind::unreachable:
    case RedisFailureKind::timed_out:
    case RedisFailureKind::crowded:
    case RedisFailureKind::passing:
    case RedisFailureKind::lost:
    case RedisFailureKind::flushed:
    case RedisFailureKind::moved:
    case RedisFailureKind::unfound:
    case RedisFailureKind::unreplicated:
    case RedisFailureKind::renewed:
    case RedisFailureKind::silent:
      return true;
    case RedisFailureKind::insecure:
    case RedisFailureKind::password:
    case RedisFailureKind::rejected:
    case RedisFailureKind::not_redis:
    case RedisFailureKind::oversized:
    case RedisFailureKind::unnamed:
      return false;
  }
  return false;
}

std::string public_reason(const RedisFailure& failure) {
  switch (failure.kind) {
    case RedisFailureKind::unresolvable:
      return "redis's name is not known";
    case RedisFailureKind::refused:
      return "redis refuses the connection";
    case RedisFailureKind::unreachable:
      return "redis can't be reached";
    case RedisFailureKind::timed_out:
    case RedisFailureKind::silent:
      return "redis does not answer";
    case RedisFailureKind::crowded:
      return "redis has as many clients as it takes";
    case RedisFailureKind::insecure:
      return "redis can't be reached by TLS: the log says why";
    case RedisFailureKind::password:
      return "redis does not accept the password";
    case RedisFailureKind::passing:
      return "redis" + describe(*failure.passing);
    case RedisFailureKind::rejected:
      return "redis refuses what it is asked: the log says what";
    case RedisFailureKind::not_redis:
    case RedisFailureKind::oversized:
      return "redis sends what can't be read: the log says more";
    case RedisFailureKind::unfound:
      return "nobody tells where redis is: the log says more";
    case RedisFailureKind::unreplicated:
      return "too few of redis's replicas have what was published";
    case RedisFailureKind::unnamed:
      return "redis does not say which server it is: the log says more";
    case RedisFailureKind::moved:
    case RedisFailureKind::renewed:
      return "redis is connected anew";
    case RedisFailureKind::lost:
    case RedisFailureKind::flushed:
      return "the connection to redis was lost";
  }
  return {};
}

}  // namespace regstream::broker
