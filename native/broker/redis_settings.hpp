#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <regstream/broker/redis_options.hpp>

/// The settings of Redis: where it is, and how to talk to it, as options and as variables. This
/// table is the only one: the command line, the configuration file, the environment and the
/// documentation are made from it.
namespace regstream::broker {

enum class RedisSetting : std::uint8_t {
  server,
  url,
  host,
  port,
  username,
  password,
  tls,
  ca_file,
  certificate_file,
  key_file,
  server_name,
  sentinels,
  master_name,
  sentinel_username,
  sentinel_password,
  cluster_nodes,
  wait_replicas,
  wait_timeout,
};

/// The type of a setting's value.
enum class SettingKind : std::uint8_t {
  text,
  list,  ///< Texts. In a variable, separated by commas.
  flag,
  number,
  secret,  ///< A text that nobody else may see, so it has no option.
};

struct RedisSettingDefinition {
  RedisSetting setting{};
  const char* option = "";    ///< With its dashes. Empty: no option.
  const char* variable = "";  ///< Empty: no variable, since others cover it.
  SettingKind kind = SettingKind::text;
  const char* meaning = "";  ///< For options only. Without the variable's name.
  std::int64_t min = 0;      ///< For numbers.
  std::int64_t max = 0;
};

/// The most addresses that a list may have.
inline constexpr std::size_t sentinels_max = 32;
inline constexpr std::size_t cluster_nodes_max = 32;

inline constexpr std::array redis_settings{
    RedisSettingDefinition{
        .setting = RedisSetting::server,
        .option = "--redis",
        .meaning = "HOST[:PORT] of Redis, or a URL without user and password: redis://HOST:PORT, "
                   "rediss://HOST:PORT for TLS; also by REDIS_URL, or REDIS_HOST and REDIS_PORT, "
                   "with REDIS_PASSWORD"},
    RedisSettingDefinition{.setting = RedisSetting::url, .variable = "REDIS_URL"},
    RedisSettingDefinition{.setting = RedisSetting::host, .variable = "REDIS_HOST"},
    RedisSettingDefinition{.setting = RedisSetting::port, .variable = "REDIS_PORT"},
    RedisSettingDefinition{.setting = RedisSetting::username,
                           .option = "--redis-username",
                           .variable = "REDIS_USERNAME",
                           .meaning = "Redis's user (ACL); without one, its default user"},
    RedisSettingDefinition{.setting = RedisSetting::password,
                           .variable = "REDIS_PASSWORD",
                           .kind = SettingKind::secret},
    RedisSettingDefinition{.setting = RedisSetting::tls,
                           .option = "--redis-tls",
                           .variable = "REDIS_TLS",
                           .kind = SettingKind::flag,
                           .meaning = "Use TLS with Redis, if no URL names it"},
    RedisSettingDefinition{
        .setting = RedisSetting::ca_file,
        .option = "--redis-ca-file",
        .variable = "REDIS_CA_FILE",
        .meaning =
            "PEM FILE with the trusted issuers of Redis's certificate, instead of the system's"},
    RedisSettingDefinition{
        .setting = RedisSetting::certificate_file,
        .option = "--redis-cert-file",
        .variable = "REDIS_CERT_FILE",
        .meaning =
            "PEM FILE with the client's certificate for Redis, and its intermediate certificates"},
    RedisSettingDefinition{.setting = RedisSetting::key_file,
                           .option = "--redis-key-file",
                           .variable = "REDIS_KEY_FILE",
                           .meaning = "PEM FILE with that certificate's key"},
    RedisSettingDefinition{.setting = RedisSetting::server_name,
                           .option = "--redis-server-name",
                           .variable = "REDIS_SERVER_NAME",
                           .meaning = "Name that Redis's certificate must have, if not the host's"},
    RedisSettingDefinition{.setting = RedisSetting::sentinels,
                           .option = "--redis-sentinels",
                           .variable = "REDIS_SENTINELS",
                           .kind = SettingKind::list,
                           .meaning = "HOST[:PORT] of a sentinel that knows the primary (26379); "
                                      "may be repeated"},
    RedisSettingDefinition{.setting = RedisSetting::master_name,
                           .option = "--redis-master-name",
                           .variable = "REDIS_MASTER_NAME",
                           .meaning = "The sentinels' name for the primary and its replicas"},
    RedisSettingDefinition{.setting = RedisSetting::sentinel_username,
                           .option = "--redis-sentinel-username",
                           .variable = "REDIS_SENTINEL_USERNAME",
                           .meaning = "The sentinels' user (ACL); without one, their default user"},
    RedisSettingDefinition{.setting = RedisSetting::sentinel_password,
                           .variable = "REDIS_SENTINEL_PASSWORD",
                           .kind = SettingKind::secret},
    RedisSettingDefinition{
        .setting = RedisSetting::cluster_nodes,
        .option = "--redis-cluster-nodes",
        .variable = "REDIS_CLUSTER_NODES",
        .kind = SettingKind::list,
        .meaning =
            "HOST[:PORT] of a node of a Redis Cluster, which names the others; may be repeated"},
    RedisSettingDefinition{.setting = RedisSetting::wait_replicas,
                           .option = "--redis-wait-replicas",
                           .variable = "REDIS_WAIT_REPLICAS",
                           .kind = SettingKind::number,
                           .meaning = "How many replicas must have an update before it counts as "
                                      "published (WAIT; 0: the primary alone)",
                           .max = 100},
    RedisSettingDefinition{
        .setting = RedisSetting::wait_timeout,
        .option = "--redis-wait-timeout-ms",
        .variable = "REDIS_WAIT_TIMEOUT",
        .kind = SettingKind::number,
        .meaning = "How long the replicas may take (1000); doubles after each timeout, up to 4000",
        .min = 1,
        .max = wait_timeout_max.count()},
};

[[nodiscard]] inline const RedisSettingDefinition& definition_of(RedisSetting setting) {
  return redis_settings.at(static_cast<std::size_t>(setting));
}

/// The values of options. A flag's value is "true" or "false". An empty list means that the option
/// was not given.
using RedisArguments = std::map<RedisSetting, std::vector<std::string>>;

/// Whether any setting says where Redis is.
[[nodiscard]] bool names_redis(const RedisArguments& arguments, const Environment& environment);

/// Reads all settings. Without any, Redis is at localhost:6379. An option overrides its variable.
/// An option that says where Redis is (`server`, `sentinels`, `cluster_nodes`) overrides all
/// variables that do, and everything else that a URL in a variable says. Throws
/// std::invalid_argument with one sentence if a setting is wrong, or if two contradict each other.
/// The sentence names them, and shows nothing that may be a secret.
[[nodiscard]] RedisOptions read_redis_settings(const RedisArguments& arguments,
                                               const Environment& environment);

/// This process's environment.
[[nodiscard]] const char* process_environment(const char* name);

}  // namespace regstream::broker
