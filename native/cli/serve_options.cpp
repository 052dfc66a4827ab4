#include "cli/serve_options.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>

#include "cli/option_checks.hpp"
#include "cli/redis_options.hpp"
#include "configuration/option_values.hpp"
#include "hub/hub.hpp"
#include "net/loops.hpp"

namespace regstream::cli {

namespace fs = std::filesystem;

namespace {

// A path in the build's folder: build/bin/regstream, build/web-demo, build/demo.sqlite3.
fs::path beside_program(const char* name) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / name).lexically_normal();
}

void add_address_options(CLI::App& command, ServeOptions& options) {
  const std::string group = "Address";
  command.add_option("--address", options.address, "Address to listen on")
      ->check(check_listen_address)
      ->capture_default_str()
      ->group(group);
  command.add_option("--port", options.port, "Port to listen on; 0 takes any free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--allow-host", options.allowed_hosts,
                  "NAME[:PORT] that requests may have in Host, besides IP addresses and localhost; "
                  "may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_host)
      ->group(group);
}

void add_workflow_options(CLI::App& command, ServeOptions& options) {
  const std::string group = "Workflows";
  command
      .add_option("--workflow", options.workflows,
                  "FILE that declares a workflow to serve beside registration; may be repeated. A "
                  "workflow named registration replaces the built-in one")
      ->expected(1)
      ->take_all()
      ->group(group);
  command
      .add_option("--publish-route", options.publish_route,
                  "Publishing by HTTP (POST to a workflow's updates path): on, off, or auto: on if "
                  "only this machine can reach the gateway or tokens are required")
      ->check(configuration::one_of({"auto", "on", "off"}))
      ->capture_default_str()
      ->group(group);
}

/// If none of these says where Redis is, the broker is embedded.
void add_redis_group(CLI::App& command, ServeOptions& options) {
  const std::string group = "Redis";
  add_redis_options(command, options.redis, group);
  command
      .add_flag("--require-redis", options.requires_redis,
                "Exit if Redis can't be reached at the start, instead of waiting for it")
      ->group(group);
  command
      .add_option("--deployment", options.deployment,
                  "Name of this gateway's deployment, such as production. Warns if another "
                  "deployment uses the same Redis: each would show the other's updates")
      ->check(check_deployment)
      ->group(group);
}

void add_history_options(CLI::App& command, ServeOptions& options) {
  const std::string group = "History";
  command
      .add_option(
          "--journal", options.journal,
          "File that keeps the embedded broker's history across restarts (default with --demo: "
          "journal.sqlite3 beside the database; otherwise none; an empty name: none)")
      ->group(group);
  command
      .add_option("--history-length", options.history_length,
                  "Number of updates kept for clients that reconnect (default: 10000 with Redis, "
                  "100000 without). Use the same value for all gateways on one Redis")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->group(group);
  command
      .add_option("--history-bytes", options.history_bytes,
                  "Bytes of updates kept (default: 64 MiB)")
      ->check(CLI::Range(std::size_t{2} << 20U, std::size_t{4} << 30U))
      ->group(group);
  command
      .add_option("--history-hours", options.history_hours,
                  "Hours that updates are kept, in the gateway and in the journal (default: 24)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{8'760}))
      ->group(group);
}

void add_stream_options(CLI::App& command, ServeOptions& options) {
  const std::string group = "Streams";
  command
      .add_option("--ping-interval-ms", options.ping_interval_ms,
                  "Time between two ping events of a stream")
      ->check(CLI::Range(std::int64_t{10}, std::int64_t{3'600'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--heartbeat-interval-ms", options.heartbeat_interval_ms,
                  "A stream that was silent for this long gets a comment. Choose less than the "
                  "idle timeout of every proxy on the way")
      ->check(CLI::Range(std::int64_t{10}, hub::HubOptions::heartbeat_interval_max.count()))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--drain-seconds", options.drain_seconds,
                  "Time limit of a shutdown (SIGTERM). Streams end one after another, about one a "
                  "millisecond; a client that doesn't read the end is cut off")
      ->check(CLI::Range(1, 3'600))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--retry-ms", options.retry_ms,
                  "How long clients wait before they reconnect (the stream's retry field)")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{3'600'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--threads", options.threads,
                  "Threads that serve streams; use at most one for each core. Each holds its own "
                  "copy of the recent history in memory")
      ->check(CLI::Range(std::size_t{1}, net::Loops::count_max))
      ->capture_default_str()
      ->group(group);
}

void add_sample_options(CLI::App& command, ServeOptions& options) {
  const std::string group = "Sample";
  command.add_flag("--demo", options.demo, "Also serve the sample backend and its page")
      ->group(group);
  // The defaults depend on the program's place, so the help text describes them instead.
  command
      .add_option("--database", options.database,
                  "The sample's SQLite file (demo.sqlite3 in the build's folder)")
      ->group(group);
  command
      .add_option("--page", options.page,
                  "Folder of the sample's built page (web-demo in the build's folder)")
      ->group(group);
  command
      .add_option(
          "--stage-pace-ms", options.stage_pace_ms,
          "Pause between two steps of the sample's validation, so that people can follow it")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{60'000}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--t24-latency-ms", options.t24_latency_ms,
                  "How long a look-up in the sample's core banking system takes")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{600'000}))
      ->capture_default_str()
      ->group(group);
  command.add_option("--t24-fault", options.t24_fault, "Fault of the sample's look-ups")
      ->check(configuration::one_of({"none", "unavailable", "rejected", "silent"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--t24-fault-rate", options.t24_fault_rate,
                  "Share of look-ups that --t24-fault affects")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--job-interval-ms", options.job_interval_ms,
                  "How often the sample's scheduled job runs; it turns APPROVED into COMPLETED")
      ->check(CLI::Range(std::int64_t{10}, std::int64_t{86'400'000}))
      ->capture_default_str()
      ->group(group);
}

}  // namespace

void add_serve_options(CLI::App& command, ServeOptions& options) {
  options.database = beside_program("demo.sqlite3").string();
  options.page = beside_program("web-demo").string();
  add_configuration_options(command, options.configuration);
  add_address_options(command, options);
  add_access_options(command, options.access);
  add_tls_options(command, options.tls);
  add_observability_options(command, options.observability);
  add_workflow_options(command, options);
  add_redis_group(command, options);
  add_limit_options(command, options.limits);
  add_history_options(command, options);
  add_stream_options(command, options);
  add_sample_options(command, options);
}

std::vector<net::HostPort> allowed_hosts_of(const ServeOptions& options) {
  std::vector<net::HostPort> hosts;
  for (const std::string& name : options.allowed_hosts) {
    hosts.push_back(net::parse_host_port(name).value());
  }
  return hosts;
}

}  // namespace regstream::cli
