#include "cli/serve_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>

#include <regstream/broker/redis_options.hpp>

#include "access/guard.hpp"
#include "access/token_limits.hpp"
#include "backend/backend.hpp"
#include "backend/routes.hpp"
#include "cli/access_set_up.hpp"
#include "cli/exit_code.hpp"
#include "cli/log_level.hpp"
#include "cli/memory_limits.hpp"
#include "cli/observability.hpp"
#include "cli/ready_line.hpp"
#include "cli/reload.hpp"
#include "cli/serve_brokers.hpp"
#include "cli/serve_metrics.hpp"
#include "cli/serve_options.hpp"
#include "cli/served_workflows.hpp"
#include "cli/serving_loops.hpp"
#include "cli/shutdown.hpp"
#include "cli/system_limits.hpp"
#include "cli/terminal.hpp"
#include "cli/tls_options.hpp"
#include "cli/workflow_gateways.hpp"
#include "log/background_log.hpp"
#include "log/log.hpp"
#include "net/loops.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net/static_files.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

// A browser opens this many HTTP/1.1 connections to a host at a time.
constexpr std::size_t browser_connections = 6;

// With less, larger bodies and responses of one loop would not fit beside each other.
constexpr std::size_t held_bytes_min = 4U << 20U;

void limit_history(hub::JournalLimits& limits, const ServeOptions& options) {
  limits.count_max = options.history_length.value_or(limits.count_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
  if (options.history_hours) {
    limits.age_max = std::chrono::hours(*options.history_hours);
  }
}

hub::StreamPumpOptions stream_options(const ServeOptions& options) {
  hub::StreamPumpOptions result;
  result.hub.retry = Duration(options.retry_ms);
  result.hub.ping_interval = Duration(options.ping_interval_ms);
  result.hub.heartbeat_interval = Duration(options.heartbeat_interval_ms);
  result.seed = std::random_device{}();
  limit_history(result.hub.journal, options);
  return result;
}

backend::BackendOptions backend_options(const ServeOptions& options) {
  backend::BackendOptions result;
  result.database = options.database;
  result.stage_pace = Duration(options.stage_pace_ms);
  result.core_banking.latency = Duration(options.t24_latency_ms);
  // The option's check accepts only known names.
  result.core_banking.fault = *backend::parse_core_banking_fault(options.t24_fault);
  result.core_banking.fault_rate = options.t24_fault_rate;
  result.job_interval = Duration(options.job_interval_ms);
  return result;
}

void limit_connections(net::ServerLimits& server, hub::StreamPumpOptions& streams,
                       const ServeOptions& options) {
  const DescriptorShares shares = share_descriptors(raise_open_files_limit(), options.threads);
  const std::size_t sessions_max = std::min(server.sessions_max, shares.sessions);
  const std::size_t streams_max =
      std::min(options.limits.streams_max.value_or(streams.streams->max()), shares.streams);
  streams.streams = std::make_shared<hub::StreamCount>(streams_max);
  // Each loop has its share of the places and of the memory for requests, and decides by itself
  // which connection gives way.
  server.sessions_max = std::max(sessions_max / options.threads, std::size_t{1});
  server.held_bytes_max = std::max(server.held_bytes_max / options.threads, held_bytes_min);
  // Even at one client's limit, others still have three quarters of the connections and of the
  // places for requests. With few descriptors they have what one browser leaves.
  server.connections_per_client_max =
      options.limits.connections_per_client.value_or((sessions_max + streams_max) / 4);
  if (server.connections_per_client_max > 0) {
    server.sessions_per_client_max = std::max(server.sessions_max / 4, browser_connections);
  }
}

void warn_of_few_cores(std::size_t threads) {
  // 0: unknown. A container's limit on processor time is never visible here.
  const std::size_t cores = std::thread::hardware_concurrency();
  if (cores != 0 && threads > cores) {
    logging::warn("few cores",
                  "{} threads share {} cores (--threads): threads beyond one for each core take "
                  "memory without serving more",
                  threads, cores);
  }
}

void serve(const ServeOptions& options, const std::vector<Workflow>& workflows,
           const std::optional<broker::RedisOptions>& redis) {
  net::ServerOptions server_options{.address = options.address,
                                    .port = static_cast<std::uint16_t>(options.port),
                                    .limits = {},
                                    .allowed_hosts = net::AllowedHosts(allowed_hosts_of(options)),
                                    .cors = net::Cors(options.access.cors_origins),
                                    .trusted_proxies = trusted_proxies_of(options.limits),
                                    .logs_requests = options.observability.log_requests};
  hub::StreamPumpOptions streams = stream_options(options);
  limit_connections(server_options.limits, streams, options);

  // First what can fail without side effects: the page, the port, Redis. The database comes after
  // that, because another process may be using it. The loops are destroyed last, because everything
  // else posts to them.
  net::Loops loops(options.threads);
  asio::io_context& context = loops.first();
  std::optional<net::StaticFiles> page;
  if (options.demo) {
    page.emplace(options.page);
  }
  AccessSetUp access_set_up(context, options.access, workflows, redis);
  const std::unique_ptr<net::TlsCredentials> tls = tls_credentials(options.tls);
  server_options.tls = tls.get();
  access::TokenLimits token_limits(options.limits.streams_per_token,
                                   options.limits.updates_per_second);
  ServingLoops serving(loops, server_options, access_set_up.policy(), token_limits);

  const BrokerFactory brokers(context, options, redis);
  WorkflowGateways served(loops);
  for (const Workflow& workflow : workflows) {
    served.add(brokers.make(workflow), streams);
  }
  served.add_to(serving, has_publish_route(options));
  net::Router& router = serving.router(0);
  const access::Guard& guard = serving.guard(0);
  Observability observability(context, options, served.brokers(), ask_loops(serving, served),
                              redis ? "redis" : "embedded");
  observability.add_to(router, guard);
  std::optional<backend::Backend> sample_backend;
  if (options.demo) {
    sample_backend.emplace(backend_options(options), served.registration());
    sample_backend->add_routes(router, guard);
    router.set_fallback([&page](net::Exchange exchange) { page->respond(std::move(exchange)); });
  }
  serving.forward_to_first();

  // Not const, because their handlers change them.
  Reload reload(context);
  access_set_up.follow_keys(reload, [&loops, &served](std::uint64_t key) {
    loops.on_each([&served, key](std::size_t loop) {
      for (gateway::Gateway* const gateway : served.gateways(loop)) {
        gateway->withdraw(key);
      }
    });
  });
  if (tls) {
    reload.add("certificates", [&tls] { return tls->reload(); });
  }
  follow_log_level(reload, options.observability.log_level_file);
  add_serve_metrics(observability.registry(), {.limits = token_limits,
                                               .tokens = access_set_up.tokens(),
                                               .tls = tls.get(),
                                               .reload = reload});
  Shutdown shutdown(serving, sample_backend ? &*sample_backend : nullptr, served,
                    std::chrono::seconds(options.drain_seconds));
  warn_of_open_gateway(options);
  warn_of_few_cores(options.threads);
  logging::set_names_workflows(workflows.size() > 1);
  logging::info("memory limits", "{}",
                describe(memory_limits(streams.hub, redis.has_value()), workflows, loops.size()));
  ReadyLine ready(context, served, serving.url(),
                  redis ? "redis " + broker::redis_address(*redis) : "embedded",
                  brokers.patience());
  loops.run();
}

/// Throws std::invalid_argument; see `read_served_workflows`.
std::vector<Workflow> workflows_of(const ServeOptions& options) {
  std::vector<std::string_view> own_paths = Observability::paths();
  if (options.demo) {
    own_paths.insert(own_paths.end(), backend::Routes::paths.begin(), backend::Routes::paths.end());
  }
  auto workflows = read_served_workflows(options.workflows, own_paths);
  if (options.demo && workflows.front() != registration_workflow()) {
    throw std::invalid_argument(
        "--demo needs the built-in registration workflow: leave out --demo, or the --workflow that "
        "replaces registration");
  }
  return workflows;
}

int run_serve(const ServeOptions& options) {
  begin_log(options.observability);
  std::vector<Workflow> workflows;
  std::optional<broker::RedisOptions> redis;
  try {
    check_exposure(options);
    workflows = workflows_of(options);
    redis = redis_of(options);
    if (redis && options.journal) {
      throw std::invalid_argument(
          "--journal is for the embedded broker, but Redis keeps the history here: leave out "
          "--journal");
    }
    if (!redis && options.requires_redis) {
      throw std::invalid_argument(
          "--require-redis needs to know where Redis is: set REDIS_URL or REDIS_HOST, or give "
          "--redis");
    }
  } catch (const std::invalid_argument& error) {
    complain_of_start(error.what());
    return usage_code;
  }
  try {
    serve(options, workflows, redis);
  } catch (const std::exception& error) {
    complain_of_start(error.what());
    return failure_code;
  }
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand(
      "serve", "Run the gateway; with --demo also the sample backend and its page");
  add_serve_options(*command, *options);
  command->callback([options, command, &exit_code] {
    const auto configured = configure(*command, options->configuration);
    if (const int* const code = std::get_if<int>(&configured)) {
      exit_code = *code;
      return;
    }
    options->observability.log_level_file =
        std::get<configuration::Configuration>(configured).file_for("log-level");
    exit_code = logging::run_with_background_log([&options] { return run_serve(*options); });
  });
}

}  // namespace regstream::cli
