#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

/// Where a server, a sentinel or a node of a cluster listens.
struct RedisAddress {
  std::string host = "localhost";  ///< A name or an address, IPv6 without brackets.
  std::uint16_t port = 6379;

  [[nodiscard]] bool operator==(const RedisAddress&) const = default;
};

/// "host:port" for people, IPv6 in brackets.
[[nodiscard]] std::string to_string(const RedisAddress& address);

class RedisTlsFiles;

/// Of a `RedisTls` that nobody has connected with yet.
[[nodiscard]] std::shared_ptr<RedisTlsFiles> unread_tls_files();

/// What TLS to Redis, and to its sentinels, is made with: TLS 1.2 at least. All files are in PEM. A
/// connection looks whether they have changed, and reads them then; what can't be used is told in
/// the log, and changes nothing.
struct RedisTls {
  std::string ca_file;           ///< Issuers to believe. Empty: the system's.
  std::string certificate_file;  ///< What to prove oneself by. Empty: nothing.
  std::string key_file;          ///< Its key, without a pass phrase.
  /// The name that the server's certificate must have. Empty: the host that is connected to.
  std::string server_name;
  /// What was read of the files. Copies of these options share it.
  std::shared_ptr<RedisTlsFiles> files = unread_tls_files();
};

/// Of `RedisOptions::wait_timeout`. Less than `RedisTiming::reply_timeout`, within which WAIT
/// answers.
inline constexpr Duration wait_timeout_max{4'000};

/// Where Redis is, and how to talk to it.
struct RedisOptions {
  std::string host = "localhost";  ///< A name or an address, IPv6 without brackets.
  std::uint16_t port = 6379;
  std::string username;         ///< Empty: Redis's default user.
  std::string password;         ///< Empty, and no user name: no AUTH. Never printed.
  std::optional<RedisTls> tls;  ///< Nothing: in the clear.
  /// Those who know which server is the primary now. Empty: it is at `host` and `port`.
  std::vector<RedisAddress> sentinels;
  std::string master_name;        ///< What the sentinels call the primary with its replicas.
  std::string sentinel_username;  ///< As `username`, at the sentinels.
  std::string sentinel_password;  ///< As `password`, at the sentinels.
  /// Nodes of a Redis Cluster, to learn the others from. Empty: it is none.
  std::vector<RedisAddress> cluster_nodes;
  /// How many replicas must have an update before it is acknowledged (WAIT). 0: nobody asks them.
  std::size_t wait_replicas = 0;
  /// How long they may take; twice as long, up to `wait_timeout_max`, after each time that was too
  /// short.
  Duration wait_timeout{1'000};
  /// Whose history it is: its keys are named after the workflow's channel. Must outlive whatever is
  /// made with these options.
  const Workflow* workflow = &registration_workflow();
  /// Of a gateway: which deployment it is of, so that others on the same Redis are noticed.
  std::string deployment;
  RedisTiming timing;
  RedisHistoryLimits history;
  std::uint64_t seed = 0;  ///< Spreads this process's retries from those of others.
};

/// `host` and `port`.
[[nodiscard]] RedisAddress address_of(const RedisOptions& options);

/// The same for people.
[[nodiscard]] std::string redis_address(const RedisOptions& options);

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// The contract's REDIS_HOST, REDIS_PORT and REDIS_PASSWORD, and what docs/redis.md lists:
/// REDIS_URL and so on. An empty one counts as not set. REDIS_PORT may be a service link of
/// Kubernetes, tcp://10.0.0.1:6379, of which only the port is taken. `argument`, that of `--redis`,
/// takes the place of all variables that say where Redis is, and of what else REDIS_URL says: it is
/// HOST[:PORT], or a URL without user and password. Throws std::invalid_argument with one sentence
/// that names what is wrong, without what may be a password: people paste URLs.
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument = {});
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument,
                                              const Environment& environment);

}  // namespace regstream::broker
