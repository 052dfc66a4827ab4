#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/redis_settings.hpp"
#include "cli/access_options.hpp"
#include "cli/configuration_options.hpp"
#include "cli/limit_options.hpp"
#include "cli/observability_options.hpp"
#include "cli/tls_options.hpp"
#include "net/host_port.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// The options of `serve`, from the command line, the environment or a file.
struct ServeOptions {
  ConfigurationOptions configuration;
  TlsOptions tls;
  LimitOptions limits;
  std::string address = "127.0.0.1";
  int port = 8080;
  std::vector<std::string> allowed_hosts;
  AccessOptions access;
  ObservabilityOptions observability;
  std::vector<std::string> workflows;
  broker::RedisArguments redis;
  bool requires_redis = false;
  std::string deployment;
  std::string publish_route = "auto";
  std::optional<std::string> journal;
  std::optional<std::size_t> history_length;
  std::optional<std::size_t> history_bytes;
  std::optional<std::int64_t> history_hours;
  bool demo = false;
  std::string database;
  std::string page;
  std::int64_t ping_interval_ms = 30'000;
  std::int64_t heartbeat_interval_ms = 10'000;
  std::int64_t retry_ms = 1'000;
  std::size_t threads = 1;
  int drain_seconds = 10;
  std::int64_t stage_pace_ms = 600;
  std::int64_t t24_latency_ms = 600;
  std::string t24_fault = "none";
  double t24_fault_rate = 1.0;
  std::int64_t job_interval_ms = 15'000;
};

/// Declares the options of `serve`. `options` gets the defaults at once, and the given values when
/// `command` is parsed. It must outlive `command`.
void add_serve_options(CLI::App& command, ServeOptions& options);

/// Parses `allowed_hosts`. The option's check has accepted them.
[[nodiscard]] std::vector<net::HostPort> allowed_hosts_of(const ServeOptions& options);

}  // namespace regstream::cli
