#include "cli/serve_command.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>

#include "backend/backend.hpp"
#include "backend/routes.hpp"
#include "broker/embedded_broker.hpp"
#include "broker/embedded_journal.hpp"
#include "broker/embedded_limits.hpp"
#include "broker/redis_once.hpp"
#include "cli/memory_limits.hpp"
#include "cli/serve_options.hpp"
#include "cli/served_workflows.hpp"
#include "cli/shutdown.hpp"
#include "cli/system_limits.hpp"
#include "cli/terminal.hpp"
#include "gateway/gateway.hpp"
#include "gateway/health_routes.hpp"
#include "gateway/publish_route.hpp"
#include "log/background_log.hpp"
#include "log/log.hpp"
#include "log/printable.hpp"
#include "net/event_loop.hpp"
#include "net/host_port.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net/static_files.hpp"

namespace regstream::cli {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

// How long the ready line waits for the first subscription to Redis. A Redis that is not there, or
// still loads its data, takes longer: then the gateway serves already, and /readyz says what it
// waits for.
constexpr std::chrono::seconds first_subscription_max{2};

// Browsers open as many connections to a host at a time, over HTTP/1.1.
constexpr std::size_t browser_connections = 6;

std::optional<broker::RedisOptions> redis_of(const ServeOptions& options) {
  const char* host = std::getenv("REDIS_HOST");
  if (options.redis.empty() && (host == nullptr || *host == '\0')) {
    return std::nullopt;
  }
  return broker::read_redis_options(
      options.redis.empty() ? std::nullopt : std::optional<std::string_view>(options.redis));
}

// With the sample, a restart of the program is a part of what is shown.
fs::path journal_of(const ServeOptions& options) {
  if (options.journal) {
    return *options.journal;
  }
  return options.demo ? fs::path(options.database).replace_filename("journal.sqlite3") : fs::path();
}

// How much of the history is kept, wherever it is: in Redis, in the journal, and by this gateway.
void limit_history(broker::RedisHistoryLimits& limits, const ServeOptions& options) {
  limits.length_max = options.history_length.value_or(limits.length_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
}

void limit_history(broker::EmbeddedLimits& limits, const ServeOptions& options) {
  limits.messages_max = options.history_length.value_or(limits.messages_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
  if (options.history_hours) {
    limits.age_max = std::chrono::hours(*options.history_hours);
  }
}

void limit_history(hub::JournalLimits& limits, const ServeOptions& options) {
  limits.count_max = options.history_length.value_or(limits.count_max);
  limits.bytes_max = options.history_bytes.value_or(limits.bytes_max);
  if (options.history_hours) {
    limits.age_max = std::chrono::hours(*options.history_hours);
  }
}

bool has_publish_route(const ServeOptions& options, const net::Server& server) {
  return options.publish_route == "on" || (options.publish_route == "auto" && server.is_loopback());
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
  // The option's own check has let only known names through.
  result.core_banking.fault = *backend::parse_core_banking_fault(options.t24_fault);
  result.core_banking.fault_rate = options.t24_fault_rate;
  result.job_interval = Duration(options.job_interval_ms);
  return result;
}

void limit_connections(net::ServerLimits& server, hub::StreamPumpOptions& streams,
                       const ServeOptions& options) {
  const DescriptorShares shares = share_descriptors(raise_open_files_limit());
  server.sessions_max = std::min(server.sessions_max, shares.sessions);
  streams.streams_max = std::min(streams.streams_max, shares.streams);
  // Where one client takes all that it may, others still have three quarters of the connections,
  // and of the places for requests as well; with few descriptors, what a browser leaves.
  server.connections_per_client_max =
      options.connections_per_client.value_or((server.sessions_max + streams.streams_max) / 4);
  if (server.connections_per_client_max > 0) {
    server.sessions_per_client_max = std::max(server.sessions_max / 4, browser_connections);
  }
}

// Each workflow's way from its broker to its streams.
class ServedWorkflows {
 public:
  explicit ServedWorkflows(asio::io_context& context) : context_(context) {}

  // Streams are counted together: each takes a descriptor, whichever workflow's it is.
  void add(std::unique_ptr<broker::Broker> broker, hub::StreamPumpOptions streams) {
    const std::size_t index = gateways_.size();
    streams.streams_elsewhere = [this, index] {
      std::size_t count = 0;
      for (std::size_t other = 0; other < gateways_.size(); ++other) {
        count += other == index ? 0 : gateways_[other]->pump().hub().subscriptions();
      }
      return count;
    };
    brokers_.push_back(std::move(broker));
    gateways_.push_back(
        std::make_unique<gateway::Gateway>(context_, *brokers_.back(), std::move(streams)));
    publish_routes_.push_back(std::make_unique<gateway::PublishRoute>(
        context_, *brokers_.back(), gateway::PublishRoute::Options{}));
  }

  void add_to(net::Router& router, bool with_publish_routes) {
    for (const auto& gateway : gateways_) {
      gateway->add_to(router);
    }
    for (const auto& route : publish_routes_) {
      if (with_publish_routes) {
        route->add_to(router);
      }
    }
  }

  [[nodiscard]] broker::Broker& registration() const { return *brokers_.front(); }
  [[nodiscard]] std::vector<gateway::Gateway*> gateways() const {
    std::vector<gateway::Gateway*> gateways;
    for (const auto& gateway : gateways_) {
      gateways.push_back(gateway.get());
    }
    return gateways;
  }
  [[nodiscard]] bool is_connected() const {
    return std::all_of(brokers_.begin(), brokers_.end(),
                       [](const auto& broker) { return broker->is_connected(); });
  }

 private:
  asio::io_context& context_;
  std::vector<std::unique_ptr<broker::Broker>> brokers_;
  std::vector<std::unique_ptr<gateway::Gateway>> gateways_;
  std::vector<std::unique_ptr<gateway::PublishRoute>> publish_routes_;
};

// Says where the server is, once the brokers hear their channels: whoever waits for this line may
// publish at once. Where that takes longer than `patience`, the line says so. Whoever does not read
// it holds nothing up.
class ReadyLine {
 public:
  ReadyLine(asio::io_context& context, const ServedWorkflows& workflows, std::string url,
            std::string broker_name, std::chrono::seconds patience)
      : timer_(context),
        workflows_(workflows),
        url_(std::move(url)),
        broker_name_(std::move(broker_name)),
        give_up_(std::chrono::steady_clock::now() + patience) {
    check();
  }

 private:
  void check() {
    const bool is_connected = workflows_.is_connected();
    const bool is_due = is_connected || std::chrono::steady_clock::now() >= give_up_;
    if (is_due &&
        try_print(printable("regstream: serving on " + url_ + " (broker: " + broker_name_ +
                            (is_connected ? ")" : ", not connected yet)")))) {
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(is_due ? 100 : 5));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        check();
      }
    });
  }

  asio::steady_timer timer_;
  const ServedWorkflows& workflows_;
  std::string url_;
  std::string broker_name_;
  std::chrono::steady_clock::time_point give_up_;
};

net::AllowedHosts allowed_hosts_of(const ServeOptions& options) {
  std::vector<net::HostPort> hosts;
  for (const std::string& name : options.allowed_hosts) {
    hosts.push_back(*net::parse_host_port(name));  // The option's own check has let it through.
  }
  return net::AllowedHosts(std::move(hosts));
}

// False: Redis is not there yet. Throws what only a person can mend, as a wrong password is.
bool find_redis(const broker::RedisOptions& redis, bool is_required) {
  const std::optional<broker::RedisFailure> failure = broker::check_redis(redis);
  if (!failure) {
    return true;
  }
  // A Redis that answers is there: one that still loads its data, say.
  const bool is_there = failure->kind == broker::RedisFailureKind::passing;
  if (!broker::may_heal(failure->kind) || (is_required && !is_there)) {
    throw std::runtime_error(failure->what);
  }
  return is_there;
}

std::unique_ptr<broker::Broker> make_broker(asio::io_context& context, const Workflow& workflow,
                                            const ServeOptions& options,
                                            const std::optional<broker::RedisOptions>& redis,
                                            const std::shared_ptr<broker::JournalFile>& journal) {
  if (redis) {
    broker::RedisOptions own = *redis;
    own.workflow = &workflow;
    // A seed of its own keeps gateways from coming back to a restarted Redis in step.
    own.seed = std::random_device{}();
    own.deployment = options.deployment;
    limit_history(own.history, options);
    return std::make_unique<broker::RedisBroker>(context, own);
  }
  broker::EmbeddedBrokerOptions embedded;
  embedded.workflow = &workflow;
  embedded.journal = journal;
  limit_history(embedded.limits, options);
  return std::make_unique<broker::EmbeddedBroker>(context, std::move(embedded));
}

std::shared_ptr<broker::JournalFile> open_journal(const ServeOptions& options) {
  const fs::path path = journal_of(options);
  return path.empty() ? nullptr
                      : std::make_shared<broker::JournalFile>(path, broker::read_boot_id());
}

void serve(const ServeOptions& options, const std::vector<Workflow>& workflows,
           const std::optional<broker::RedisOptions>& redis) {
  net::ServerOptions server_options{.address = options.address,
                                    .port = static_cast<std::uint16_t>(options.port),
                                    .limits = {},
                                    .allowed_hosts = allowed_hosts_of(options)};
  hub::StreamPumpOptions streams = stream_options(options);
  limit_connections(server_options.limits, streams, options);

  // What fails without a trace comes first: the page, the port, Redis. Only then the database,
  // which another process may be using. The io_context is destroyed last, since all else posts to
  // it.
  asio::io_context context(1);
  std::optional<net::StaticFiles> page;
  if (options.demo) {
    page.emplace(options.page);
  }
  net::Router router;
  net::Server server(context, router, server_options);

  std::chrono::seconds patience = first_subscription_max;
  std::shared_ptr<broker::JournalFile> journal;
  if (!redis) {
    journal = open_journal(options);
  } else if (!find_redis(*redis, options.requires_redis)) {
    patience = std::chrono::seconds::zero();
  }
  ServedWorkflows served(context);
  for (const Workflow& workflow : workflows) {
    served.add(make_broker(context, workflow, options, redis, journal), streams);
  }
  served.add_to(router, has_publish_route(options, server));
  gateway::HealthRoutes health(served.gateways(),
                               {.broker_kind = redis ? "redis" : "embedded",
                                .version = REGSTREAM_VERSION,
                                .connections_refused = [&server] { return server.refused(); }});
  health.add_to(router);
  std::optional<backend::Backend> sample_backend;
  if (options.demo) {
    sample_backend.emplace(backend_options(options), served.registration());
    sample_backend->add_routes(router);
    router.set_fallback([&page](net::Exchange exchange) { page->respond(std::move(exchange)); });
  }

  // Not const: their handlers change them.
  Shutdown shutdown(context, server, sample_backend ? &*sample_backend : nullptr,
                    served.gateways());
  logging::info("memory limits", "{}",
                describe(memory_limits(streams.hub, redis.has_value()), workflows));
  ReadyLine ready(context, served, server.url(),
                  redis ? "redis " + broker::redis_address(*redis) : "embedded", patience);
  net::run(context);
}

/// Throws std::invalid_argument, see `read_served_workflows`.
std::vector<Workflow> workflows_of(const ServeOptions& options) {
  std::vector<std::string_view> own_paths(gateway::HealthRoutes::paths.begin(),
                                          gateway::HealthRoutes::paths.end());
  if (options.demo) {
    own_paths.insert(own_paths.end(), backend::Routes::paths.begin(), backend::Routes::paths.end());
  }
  auto workflows = read_served_workflows(options.workflows, own_paths);
  if (options.demo && workflows.front() != registration_workflow()) {
    throw std::invalid_argument(
        "--demo is a sample of the built-in registration: leave it out, or the --workflow that "
        "declares another one");
  }
  return workflows;
}

int run_serve(const ServeOptions& options) {
  std::vector<Workflow> workflows;
  std::optional<broker::RedisOptions> redis;
  try {
    workflows = workflows_of(options);
    redis = redis_of(options);
    if (redis && options.journal) {
      throw std::invalid_argument(
          "--journal is the embedded broker's; with Redis the history is kept there");
    }
    if (!redis && options.requires_redis) {
      throw std::invalid_argument(
          "--require-redis needs to know where Redis is: --redis or REDIS_HOST");
    }
  } catch (const std::invalid_argument& error) {
    complain("", error.what());
    return 2;
  }
  try {
    serve(options, workflows, redis);
  } catch (const std::exception& error) {
    complain("", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ServeOptions>();
  CLI::App* command = app.add_subcommand("serve", "Serve the streams, and with --demo the sample");
  add_serve_options(*command, *options);
  command->callback([options, &exit_code] {
    exit_code = logging::run_with_background_log([&options] { return run_serve(*options); });
  });
}

}  // namespace regstream::cli
