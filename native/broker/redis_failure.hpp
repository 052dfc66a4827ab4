#pragma once

#include <cstddef>
#include <string_view>

#include <boost/system/error_code.hpp>

#include <regstream/broker/redis_options.hpp>
#include <regstream/time.hpp>

#include "broker/history/failure.hpp"

namespace regstream::broker {

[[nodiscard]] RedisFailure resolve_failure(const RedisOptions& options);
[[nodiscard]] RedisFailure connect_failure(const RedisOptions& options,
                                           const boost::system::error_code& error);
[[nodiscard]] RedisFailure connect_timeout_failure(const RedisOptions& options, Duration waited);
[[nodiscard]] RedisFailure lost_failure(const RedisOptions& options,
                                        const boost::system::error_code& error);
/// An exception has ended the connection; the context's loop says which.
[[nodiscard]] RedisFailure interrupted_failure(const RedisOptions& options);
[[nodiscard]] RedisFailure silent_failure(const RedisOptions& options);
/// SCRIPT FLUSH or FLUSHALL, by somebody: the next connection loads the script again.
[[nodiscard]] RedisFailure flushed_failure(const RedisOptions& options);
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
