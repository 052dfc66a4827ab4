#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/broker/redis_options.hpp>
#include <regstream/time.hpp>

#include "broker/redis_failure.hpp"

/// One thing done with Redis by a program that waits for it. Bounded by `timeout`, but for a name
/// server that does not answer: the system's own resolver can't be interrupted.
namespace regstream::broker {

/// Asks Redis whether it would serve us. Empty: yes (a Redis that still loads its data counts: it
/// comes by itself). Otherwise one sentence for the operator: what is wrong, where, what to do.
[[nodiscard]] std::optional<std::string> check_redis(const RedisOptions& options,
                                                     Duration timeout = Duration{3'000});

/// Publishes one message on the channel, and waits for Redis to acknowledge it. Gives how many
/// subscribers of Redis heard it.
[[nodiscard]] std::variant<std::uint64_t, RedisFailure> publish_once(
    const RedisOptions& options, std::string_view message, Duration timeout = Duration{5'000});

}  // namespace regstream::broker
