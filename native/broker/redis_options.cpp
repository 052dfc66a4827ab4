#include <regstream/broker/redis_options.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "broker/redis_settings.hpp"

namespace regstream::broker {
namespace {

std::string joined(const std::vector<RedisAddress>& addresses) {
  std::string text;
  for (const RedisAddress& address : addresses) {
    text.append(text.empty() ? "" : ", ").append(to_string(address));
  }
  return text;
}

}  // namespace

RedisHistoryLimits bounded(const RedisHistoryLimits& limits) {
  return {
      .length_max = std::clamp<std::size_t>(limits.length_max, 1, 1'000'000),
      .bytes_max = std::clamp<std::size_t>(limits.bytes_max, 2U << 20U, std::size_t{4} << 30U),
      .key_lifetime = std::clamp(limits.key_lifetime, Duration{1'000}, Duration{86'400'000}),
  };
}

RedisAddress address_of(const RedisOptions& options) {
  return {.host = options.host, .port = options.port};
}

std::string redis_address(const RedisOptions& options) {
  if (!options.sentinels.empty()) {
    return options.master_name + " (sentinels " + joined(options.sentinels) + ")";
  }
  if (!options.cluster_nodes.empty()) {
    return "the cluster of " + joined(options.cluster_nodes);
  }
  return to_string(address_of(options));
}

const char* process_environment(const char* name) {
  return std::getenv(name);
}

RedisOptions read_redis_options(std::optional<std::string_view> argument) {
  return read_redis_options(argument, process_environment);
}

RedisOptions read_redis_options(std::optional<std::string_view> argument,
                                const Environment& environment) {
  RedisArguments arguments;
  if (argument) {
    arguments[RedisSetting::server] = {std::string{*argument}};
  }
  return read_redis_settings(arguments, environment);
}

}  // namespace regstream::broker
