#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>
#include <regstream/workflow/registration.hpp>

namespace regstream::broker {

/// When a connection to Redis counts as dead, and when it is tried again.
struct RedisTiming {
  /// Name resolution, TCP, AUTH and the first answer together.
  Duration connect_timeout{5'000};
  /// A connection on which nothing was heard for this long is asked for a sign of life (PING).
  Duration ping_interval{10'000};
  /// What Redis owes us it answers within this time, or the connection is half-open.
  Duration reply_timeout{5'000};
  /// A Redis that was there this long counts as stable, and the backoff starts afresh.
  Duration stable_after{10'000};
  /// Redis is one machine with few clients: a short wait, and a low cap, bring the stream back
  /// soon.
  BackoffOptions backoff{Duration{250}, Duration{5'000}};
};

/// How much of the history Redis keeps, for whoever comes back or comes late. What exceeds it is
/// trimmed by whoever publishes, so every process should be given the same. There is no limit by
/// age: the ids' epoch is that of the history and not the moment of an update.
struct RedisHistoryLimits {
  /// Updates: some hours of a bank's. 1 to 1'000'000. Where there are more a hundredth goes at
  /// once, so that at least 99 of 100 are there.
  std::size_t length_max = 10'000;
  /// Bytes of all updates together: Redis keeps them in memory. 2 MiB, which is more than one
  /// update may have, to 4 GiB.
  std::size_t bytes_max = 64U << 20U;
  /// How long a publisher's place is kept, and the id of an update under the key that it was
  /// published with, and so how long one may be sent again. 1 second to 1 day.
  Duration key_lifetime{600'000};
};

/// The same with each limit moved into the range that it names.
[[nodiscard]] RedisHistoryLimits bounded(const RedisHistoryLimits& limits);

/// Where Redis is, and how to talk to it.
struct RedisOptions {
  std::string host = "localhost";  ///< A name or an address, IPv6 without brackets.
  std::uint16_t port = 6379;
  std::string password;  ///< Empty: no AUTH. Never printed.
  /// Whose history it is: its keys are named after the workflow's channel. Must outlive whatever is
  /// made with these options.
  const Workflow* workflow = &registration_workflow();
  /// Of a gateway: which deployment it is of, so that others on the same Redis are noticed.
  std::string deployment;
  RedisTiming timing;
  RedisHistoryLimits history;
  std::uint64_t seed = 0;  ///< Spreads this process's retries from those of others.
};

/// "host:port" for people, IPv6 in brackets.
[[nodiscard]] std::string redis_address(const RedisOptions& options);

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// The contract's REDIS_HOST, REDIS_PORT and REDIS_PASSWORD; an empty one counts as not set.
/// REDIS_PORT may be a service link of Kubernetes, tcp://10.0.0.1:6379, of which only the port is
/// taken. `argument`, the `HOST[:PORT]` of `--redis`, takes the place of both host and port. Throws
/// std::invalid_argument with one sentence that names what is wrong and its value, without what may
/// be a password: people paste URLs.
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument = {});
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument,
                                              const Environment& environment);

}  // namespace regstream::broker
