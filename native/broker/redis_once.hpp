#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/broker/redis_options.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>

#include "broker/redis_failure.hpp"

/// Single operations on Redis, for a program that waits for them. Bounded by `timeout`, except for
/// a name server that does not answer: the system's resolver can't be interrupted.
namespace regstream::broker {

/// Checks whether Redis would accept this client, by AUTH and PING. Empty: yes. If the options name
/// sentinels or cluster nodes, these are asked instead, until one accepts.
[[nodiscard]] std::optional<RedisFailure> check_redis(const RedisOptions& options,
                                                      Duration timeout = Duration{3'000});

/// Publishes one message: the JSON text of an update, without an id. Waits for Redis's
/// acknowledgement, and returns the id in the history.
///
/// Under the same `key` a message may be published again, and is in the history once. An empty key
/// is replaced by a random one. Retries until the timeout: when Redis refuses for now, and when a
/// sent message got no readable answer. Throws std::invalid_argument with one sentence if the
/// message or the key exceeds `PublishLimits`.
[[nodiscard]] std::variant<EventId, RedisFailure> publish_once(const RedisOptions& options,
                                                               std::string_view message,
                                                               std::string_view key = {},
                                                               Duration timeout = Duration{5'000});

}  // namespace regstream::broker
