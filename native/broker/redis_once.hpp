#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/broker/redis_options.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/time.hpp>

#include "broker/redis_failure.hpp"

/// One thing done with Redis by a program that waits for it. Bounded by `timeout`, but for a name
/// server that does not answer: the system's own resolver can't be interrupted.
namespace regstream::broker {

/// Asks Redis whether it would serve us: AUTH and PING. Empty: yes. Where sentinels or nodes of a
/// cluster are named they are asked, until one of them would.
[[nodiscard]] std::optional<RedisFailure> check_redis(const RedisOptions& options,
                                                      Duration timeout = Duration{3'000});

/// Publishes one message: the JSON text of an update, without an id. Waits for Redis to acknowledge
/// it, and gives the id that it has in the history. Under the same `key` it may be tried again, and
/// is published once; an empty key is replaced by a random one. What Redis refuses in passing, the
/// connection or the call, is tried again until the time is up, and so is what was sent without an
/// answer that can be read. Throws std::invalid_argument with
/// one sentence where the message or the key is over `PublishLimits`.
[[nodiscard]] std::variant<EventId, RedisFailure> publish_once(const RedisOptions& options,
                                                               std::string_view message,
                                                               std::string_view key = {},
                                                               Duration timeout = Duration{5'000});

}  // namespace regstream::broker
