#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <regstream/broker/redis_options.hpp>

#include "broker/passing_error.hpp"

namespace regstream::broker {

enum class RedisFailureKind : std::uint8_t {
  unresolvable,  ///< The host's name is not known.
  refused,       ///< Nobody listens there.
  unreachable,   ///< Any other trouble with connecting.
  timed_out,     ///< No connection, or no first answer, in time.
  crowded,       ///< Redis has as many clients as it takes (maxclients).
  insecure,      ///< No TLS, or none that is to be trusted; or TLS is wanted, and not spoken.
  password,      ///< Missing, wrong, or not wanted.
  passing,       ///< Redis answers, but takes no calls or no writes for now.
  rejected,      ///< Any other error that Redis answered with.
  not_redis,     ///< What answers does not speak Redis's protocol.
  oversized,     ///< Redis sent more at once than this process takes in.
  lost,          ///< The connection broke, or Redis closed it.
  flushed,       ///< Redis has forgotten the script (SCRIPT FLUSH).
  moved,         ///< Another server has the address, or the history.
  unfound,       ///< Nobody who was asked knows where the history's server is.
  unreplicated,  ///< Too few replicas have what was published, in time.
  unnamed,       ///< It does not say which server it is, where that must be known.
  renewed,       ///< This process gave the connection up for a new one.
  silent,        ///< Connected, but no sign of life: half-open.
};

/// Why Redis can't be used: there is no connection, or it refuses.
struct RedisFailure {
  RedisFailureKind kind{};
  /// A sentence without its full stop: what, where, what to do. No secrets. Empty for `renewed`,
  /// which nobody has to read about.
  std::string what;
  const PassingError* passing = nullptr;  ///< Which one, if it is of that kind.
};

/// Whether Redis may become usable without a change of this process's options: it starts later, its
/// name appears, or it takes calls again. Trying again is of no use for the others.
[[nodiscard]] bool may_heal(RedisFailureKind kind);

/// `what` for anybody who asks: names neither the host nor what Redis said.
[[nodiscard]] std::string public_reason(const RedisFailure& failure);

/// A reply is of another kind than its question has.
[[nodiscard]] RedisFailure mistyped_failure();

/// Two connections lead to two servers.
[[nodiscard]] RedisFailure moved_failure();

/// Another server has the history now: it is at `address`.
[[nodiscard]] RedisFailure moved_failure(const RedisAddress& address);

/// The server at `address` was named as the primary, and is none.
[[nodiscard]] RedisFailure replica_failure(const RedisAddress& address);

/// So many of the replicas that were to have what was published have it.
[[nodiscard]] RedisFailure unreplicated_failure(std::size_t reached, std::size_t wanted);

/// The server at `address` does not say who it is (INFO).
[[nodiscard]] RedisFailure unnamed_failure(const RedisAddress& address);

/// What follows on "redis" in a sentence about a passing error.
[[nodiscard]] std::string describe(const PassingError& error);

}  // namespace regstream::broker
