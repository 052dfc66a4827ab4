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

/// When a connection to Redis counts as dead, and when to reconnect.
struct RedisTiming {
  /// For name resolution, TCP, AUTH and the first answer together.
  Duration connect_timeout{5'000};
  /// A connection that was silent for this long gets a PING.
  Duration ping_interval{10'000};
  /// Redis must answer within this time, or the connection counts as half-open.
  Duration reply_timeout{5'000};
  /// After this long, a connection counts as stable, and the backoff starts afresh.
  Duration stable_after{10'000};
  /// Redis is one machine with few clients: a short wait, and a low cap, bring the stream back
  /// soon.
  BackoffOptions backoff{Duration{250}, Duration{5'000}};
};

/// How much of the history Redis keeps for those who reconnect or join late. Publishers trim what
/// exceeds it, so give every process the same limits. There is no limit by age: an id's epoch is
/// that of the history, not the time of the update.
struct RedisHistoryLimits {
  /// Updates: some hours of a bank's. 1 to 1'000'000. Redis drops a hundredth at once, so at least
  /// 99 of 100 are there.
  std::size_t length_max = 10'000;
  /// Bytes of all updates together, which Redis keeps in memory. 2 MiB (more than one update may
  /// have) to 4 GiB.
  std::size_t bytes_max = 64U << 20U;
  /// How long Redis remembers a publisher's batches, and the ids of updates by their keys. A
  /// publish can be retried for this long. 1 second to 1 day.
  Duration key_lifetime{600'000};
};

/// The same limits, each clamped to its range.
[[nodiscard]] RedisHistoryLimits bounded(const RedisHistoryLimits& limits);

/// Where a server, a sentinel or a cluster node listens.
struct RedisAddress {
  std::string host = "localhost";  ///< A name or an address, IPv6 without brackets.
  std::uint16_t port = 6379;

  [[nodiscard]] bool operator==(const RedisAddress&) const = default;
};

/// "host:port" for people; IPv6 in brackets.
[[nodiscard]] std::string to_string(const RedisAddress& address);

class RedisTlsFiles;

/// The files of a `RedisTls` that no connection has used yet.
[[nodiscard]] std::shared_ptr<RedisTlsFiles> unread_tls_files();

/// Settings for TLS (1.2 or newer) to Redis and its sentinels. All files are PEM. Each new
/// connection checks whether the files have changed, and then reads them again. A file that can't
/// be used is reported in the log, and the old one stays in use.
struct RedisTls {
  std::string ca_file;           ///< Trusted issuers. Empty: the system's.
  std::string certificate_file;  ///< The client's certificate. Empty: none.
  std::string key_file;          ///< The certificate's key, without a pass phrase.
  /// The name that the server's certificate must carry. Empty: the host of the connection.
  std::string server_name;
  /// The contents of the files. Copies of these options share them.
  std::shared_ptr<RedisTlsFiles> files = unread_tls_files();
};

/// The maximum of `RedisOptions::wait_timeout`. Less than `RedisTiming::reply_timeout`, within
/// which WAIT must answer.
inline constexpr Duration wait_timeout_max{4'000};

/// Where Redis is, and how to talk to it.
struct RedisOptions {
  std::string host = "localhost";  ///< A name or an address, IPv6 without brackets.
  std::uint16_t port = 6379;
  std::string username;         ///< Empty: Redis's default user.
  std::string password;         ///< Empty, and no user name: no AUTH. Never printed.
  std::optional<RedisTls> tls;  ///< Empty: no TLS.
  /// Sentinels that know the current primary. Empty: it is at `host` and `port`.
  std::vector<RedisAddress> sentinels;
  std::string master_name;        ///< The sentinels' name for the primary and its replicas.
  std::string sentinel_username;  ///< Like `username`, for the sentinels.
  std::string sentinel_password;  ///< Like `password`, for the sentinels.
  /// Nodes of a Redis Cluster; the others are learned from them. Empty: no cluster.
  std::vector<RedisAddress> cluster_nodes;
  /// How many replicas must have an update before it is acknowledged (WAIT). 0: no WAIT.
  std::size_t wait_replicas = 0;
  /// How long the replicas may take. After each timeout it doubles, up to `wait_timeout_max`.
  Duration wait_timeout{1'000};
  /// The workflow whose history this is: its channel names the keys. Must outlive everything made
  /// with these options.
  const Workflow* workflow = &registration_workflow();
  /// A gateway's deployment. Others on the same Redis are noticed by it.
  std::string deployment;
  RedisTiming timing;
  RedisHistoryLimits history;
  std::uint64_t seed = 0;  ///< Spreads this process's retries from those of others.
};

/// `host` and `port`.
[[nodiscard]] RedisAddress address_of(const RedisOptions& options);

/// The same as text for people.
[[nodiscard]] std::string redis_address(const RedisOptions& options);

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// Reads the contract's REDIS_HOST, REDIS_PORT and REDIS_PASSWORD, and the variables that
/// docs/redis.md lists, such as REDIS_URL. An empty variable counts as not set. REDIS_PORT may be a
/// Kubernetes service link, tcp://10.0.0.1:6379: only its port counts.
///
/// `argument` is the value of `--redis`: HOST[:PORT], or a URL without user and password. It
/// overrides all variables that say where Redis is, and everything else in REDIS_URL. Throws
/// std::invalid_argument with one sentence that names the mistake. The sentence never contains what
/// may be a password: people paste URLs.
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument = {});
[[nodiscard]] RedisOptions read_redis_options(std::optional<std::string_view> argument,
                                              const Environment& environment);

}  // namespace regstream::broker
