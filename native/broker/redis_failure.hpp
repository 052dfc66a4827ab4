#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

#include <regstream/broker/redis_options.hpp>
#include <regstream/time.hpp>

#include "broker/passing_error.hpp"

namespace regstream::broker {

enum class RedisFailureKind : std::uint8_t {
  unresolvable,  ///< The host's name is not known.
  refused,       ///< Nobody listens there.
  unreachable,   ///< Any other trouble with connecting.
  timed_out,     ///< No connection, or no first answer, in time.
  crowded,       ///< Redis has as many clients as it takes (maxclients).
  password,      ///< Missing, wrong, or not wanted.
  passing,       ///< Redis answers, but takes no calls or no writes for now.
  rejected,      ///< Any other error that Redis answered with.
  not_redis,     ///< What answers does not speak Redis's protocol.
  oversized,     ///< Redis sent more at once than this process takes in.
  lost,          ///< The connection broke, or Redis closed it.
  renewed,       ///< This process gave the connection up for a new one.
  silent,        ///< Connected, but no sign of life: half-open.
};

/// Why Redis can't be used: there is no connection, or it refuses.
struct RedisFailure {
  RedisFailureKind kind{};
  std::string what;  ///< A sentence without its full stop: what, where, what to do. No secrets.
  const PassingError* passing = nullptr;  ///< Which one, if it is of that kind.
};

/// Whether Redis may become usable without a change of this process's options: it starts later, its
/// name appears, or it takes calls again. Trying again is of no use for the others.
[[nodiscard]] bool may_heal(RedisFailureKind kind);

/// `what` for anybody who asks: names neither the host nor what Redis said.
[[nodiscard]] std::string public_reason(const RedisFailure& failure);

[[nodiscard]] RedisFailure resolve_failure(const RedisOptions& options);
[[nodiscard]] RedisFailure connect_failure(const RedisOptions& options,
                                           const boost::system::error_code& error);
[[nodiscard]] RedisFailure connect_timeout_failure(const RedisOptions& options, Duration waited);
[[nodiscard]] RedisFailure lost_failure(const RedisOptions& options,
                                        const boost::system::error_code& error);
[[nodiscard]] RedisFailure silent_failure(const RedisOptions& options);
/// SCRIPT FLUSH or FLUSHALL, by somebody: the next connection loads the script again.
[[nodiscard]] RedisFailure flushed_failure(const RedisOptions& options);
/// Another server may have the name by now.
[[nodiscard]] RedisFailure renewed_failure(const RedisOptions& options);
[[nodiscard]] RedisFailure not_redis_failure(const RedisOptions& options);
[[nodiscard]] RedisFailure oversized_failure(const RedisOptions& options, std::size_t bytes_max);

/// What Redis meant by an error reply ("NOAUTH Authentication required.").
[[nodiscard]] RedisFailure reply_failure(const RedisOptions& options, std::string_view reply);

/// The same for the reply to AUTH, which is never quoted: Redis quotes the arguments of a command
/// that it does not know (AUTH renamed), and those are the password. `ping_reply` is that to the
/// PING behind it (empty: there was none), which tells a Redis that wants no password from one that
/// wants a user's name: both say that the default user has no password.
[[nodiscard]] RedisFailure auth_failure(const RedisOptions& options, std::string_view reply,
                                        std::string_view ping_reply = {});

}  // namespace regstream::broker
