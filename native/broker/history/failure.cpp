#include "broker/history/failure.hpp"

#include "broker/topology/address.hpp"

namespace regstream::broker {

std::string describe(const PassingError& error) {
  return " takes no updates for now: " + std::string{error.reason} + " (" +
         std::string{error.code} + ')';
}

RedisFailure mistyped_failure() {
  return {RedisFailureKind::not_redis, "redis gave an unexpected answer"};
}

RedisFailure moved_failure() {
  return {RedisFailureKind::moved,
          "redis's address now leads to another server (a failover): reconnecting to it"};
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
  return {
      RedisFailureKind::unreplicated,
      "only " + std::to_string(reached) + " of " + std::to_string(wanted) +
          " replicas confirmed an update in time (WAIT): it is sent again, and counts as published "
          "once they do"};
}

RedisFailure unnamed_failure(const RedisAddress& address) {
  return {RedisFailureKind::unnamed, "redis at " + to_string(address) +
                                         " does not report its run_id and master_replid (INFO), "
                                         "which reveal a failover: grant its user +info"};
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
      return "redis's host name can't be resolved";
    case RedisFailureKind::refused:
      return "redis refuses the connection";
    case RedisFailureKind::unreachable:
      return "redis can't be reached";
    case RedisFailureKind::timed_out:
    case RedisFailureKind::silent:
      return "redis does not answer";
    case RedisFailureKind::crowded:
      return "redis has reached its limit of clients";
    case RedisFailureKind::insecure:
      return "redis can't be reached by TLS: the log says why";
    case RedisFailureKind::password:
      return "redis does not accept the password";
    case RedisFailureKind::passing:
      return "redis" + describe(*failure.passing);
    case RedisFailureKind::rejected:
      return "redis refuses a command: the log says which";
    case RedisFailureKind::not_redis:
    case RedisFailureKind::oversized:
      return "redis sends unreadable replies: the log says more";
    case RedisFailureKind::unfound:
      return "no sentinel or node knows where redis is: the log says more";
    case RedisFailureKind::unreplicated:
      return "too few replicas of redis have the published updates";
    case RedisFailureKind::unnamed:
      return "redis does not identify itself: the log says more";
    case RedisFailureKind::moved:
    case RedisFailureKind::renewed:
      return "redis is being reconnected";
    case RedisFailureKind::lost:
    case RedisFailureKind::flushed:
      return "the connection to redis was lost";
  }
  return {};
}

}  // namespace regstream::broker
