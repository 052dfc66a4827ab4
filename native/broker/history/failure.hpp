#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <regstream/broker/redis_options.hpp>

#include "broker/passing_error.hpp"

namespace regstream::broker {

enum class RedisFailureKind : std::uint8_t {
  unresolvable,  ///< The host's name can't be resolved.
  refused,       ///< Nothing listens there.
  unreachable,   ///< Any other failure to connect.
  timed_out,     ///< No connection, or no first answer, in time.
  crowded,       ///< Redis has reached its limit of clients (maxclients).
  insecure,      ///< TLS is missing or not trusted; or TLS is required, and this connection has
                 ///< none.
  password,      ///< The password is missing, wrong, or not expected.
  passing,       ///< Redis answers, but accepts no calls or no writes for now.
  rejected,      ///< Redis answered with any other error.
  not_redis,     ///< The peer does not speak Redis's protocol.
  oversized,     ///< Redis sent a larger reply than this process accepts.
  lost,          ///< The connection broke, or Redis closed it.
  flushed,       ///< Redis has forgotten the script (SCRIPT FLUSH).
  moved,         ///< Another server has the address, or the history.
  unfound,       ///< No sentinel or node knows where the history's server is.
  unreplicated,  ///< Too few replicas have the published updates in time.
  unnamed,       ///< The server does not identify itself, and must.
  renewed,       ///< This process replaced the connection.
  silent,        ///< Connected, but silent: half-open.
};

/// Why Redis can't be used: there is no connection, or Redis refuses.
struct RedisFailure {
  RedisFailureKind kind{};
  /// A sentence without its full stop: what, where, what to do. Contains no secrets. Empty for
  /// `renewed`, which nobody has to read about.
  std::string what;
  const PassingError* passing = nullptr;  ///< Which error, for the kind `passing`.
};

/// Whether Redis may become usable while this process keeps its options: Redis starts later, its
/// name appears, or it accepts calls again. For other kinds a retry is useless.
[[nodiscard]] bool may_heal(RedisFailureKind kind);

/// The failure as a text that anyone may see: it names neither the host nor Redis's words.
[[nodiscard]] std::string public_reason(const RedisFailure& failure);

/// A reply has another type than its question expects.
[[nodiscard]] RedisFailure mistyped_failure();

/// Two connections lead to two different servers.
[[nodiscard]] RedisFailure moved_failure();

/// Another server has the history now, at `address`.
[[nodiscard]] RedisFailure moved_failure(const RedisAddress& address);

/// The server at `address` was named as the primary, but is a replica.
[[nodiscard]] RedisFailure replica_failure(const RedisAddress& address);

/// Only `reached` of `wanted` replicas have the published updates.
[[nodiscard]] RedisFailure unreplicated_failure(std::size_t reached, std::size_t wanted);

/// The server at `address` does not identify itself (INFO).
[[nodiscard]] RedisFailure unnamed_failure(const RedisAddress& address);

/// The words after "redis" in a sentence about a passing error.
[[nodiscard]] std::string describe(const PassingError& error);

}  // namespace regstream::broker
