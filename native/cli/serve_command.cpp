#include "cli/serve_command.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/broker/redis_broker.hpp>
#include <regstream/broker/redis_options.hpp>

#include "backend/backend.hpp"
#include "broker/embedded_broker.hpp"
#include "broker/embedded_limits.hpp"
#include "broker/redis_once.hpp"
#include "cli/option_checks.hpp"
#include "cli/system_limits.hpp"
#include "cli/terminal.hpp"
#include "gateway/gateway.hpp"
#include "log/log.hpp"
#include "log/printable.hpp"
#include "net/event_loop.hpp"
#include "net/host_port.hpp"
#include "net/request_origin.hpp"
#include "net/router.hpp"
#include "net/server.hpp"
#include "net/static_files.hpp"
#include "publisher/publish_route.hpp"

namespace regstream::cli {

namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

// At a shutdown, updates of what the sample has stored are waited for this long. What is not
// acknowledged by then is published at the next start.
constexpr std::chrono::seconds acknowledgement_max{2};

// Streams whose peer does not read, and answers that are not ready, are cut off after this.
constexpr std::chrono::seconds shutdown_max{3};

// How long the ready line waits for the first subscription to Redis. A Redis that still loads its
// data takes longer: then the gateway serves already, and /api/health says what it waits for.
constexpr std::chrono::seconds first_subscription_max{2};

struct ServeOptions {
  std::string address = "127.0.0.1";
  int port = 8080;
  std::vector<std::string> allowed_hosts;
  std::string redis;
  std::string publish_route = "auto";
  std::optional<std::string> journal;
  std::optional<std::size_t> history_length;
  std::optional<std::size_t> history_bytes;
  std::optional<std::int64_t> history_hours;
  std::optional<std::size_t> connections_per_client;
  bool demo = false;
  std::string database;
  std::string page;
  std::int64_t ping_interval_ms = 30'000;
  std::int64_t retry_ms = 1'000;
  std::int64_t stage_pace_ms = 600;
  std::int64_t t24_latency_ms = 600;
  std::string t24_fault = "none";
  double t24_fault_rate = 1.0;
  std::int64_t job_interval_ms = 15'000;
};

// The build's layout: build/bin/regstream, build/web-demo, build/demo.sqlite3.
fs::path beside_program(const char* name) {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return (program.parent_path().parent_path() / name).lexically_normal();
}

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

gateway::GatewayOptions gateway_options(const ServeOptions& options, bool with_redis) {
  gateway::GatewayOptions result;
  result.hub.retry = Duration(options.retry_ms);
  result.hub.ping_interval = Duration(options.ping_interval_ms);
  result.broker_kind = with_redis ? "redis" : "embedded";
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

void limit_connections(net::ServerLimits& server, gateway::GatewayOptions& gateway,
                       const ServeOptions& options) {
  const DescriptorShares shares = share_descriptors(raise_open_files_limit());
  server.sessions_max = std::min(server.sessions_max, shares.sessions);
  gateway.streams_max = std::min(gateway.streams_max, shares.streams);
  // Three other clients still have room where one takes all that it may.
  server.connections_per_client_max =
      options.connections_per_client.value_or((server.sessions_max + gateway.streams_max) / 4);
}

// Says where the server is, once the broker hears the channel: whoever waits for this line may
// publish at once.
class ReadyLine {
 public:
  ReadyLine(asio::io_context& context, const broker::Broker& broker, std::string text)
      : timer_(context),
        broker_(broker),
        text_(std::move(text)),
        give_up_(std::chrono::steady_clock::now() + first_subscription_max) {
    check();
  }

 private:
  void check() {
    if (broker_.is_connected() || std::chrono::steady_clock::now() > give_up_) {
      std::cout << printable(text_) << std::endl;
      return;
    }
    timer_.expires_after(std::chrono::milliseconds(5));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        check();
      }
    });
  }

  asio::steady_timer timer_;
  const broker::Broker& broker_;
  std::string text_;
  std::chrono::steady_clock::time_point give_up_;
};

// Ends the process well: on the first signal everything is asked to finish, on the second, or when
// time is up, the loop stops. The sample goes first, so that the streams still carry its last
// updates.
class Shutdown {
 public:
  Shutdown(asio::io_context& context, net::Server& server, backend::Backend* sample_backend,
           gateway::Gateway& gateway)
      : context_(context),
        server_(server),
        sample_backend_(sample_backend),
        gateway_(gateway),
        signals_(context, SIGINT, SIGTERM),
        limit_(context) {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) {
        begin();
      }
    });
  }

 private:
  void begin() {
    logging::info("shutting down", "shutting down");
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) {
        context_.stop();
      }
    });
    server_.stop([this] { one_ended(); });
    if (sample_backend_ == nullptr) {
      drain();
      return;
    }
    limit_.expires_after(acknowledgement_max);
    limit_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        logging::warn("updates not acknowledged",
                      "some updates are not acknowledged; the next start publishes them");
        drain();
      }
    });
    // Called on another thread, perhaps when this object has gone; the context has not.
    sample_backend_->stop(
        [this, &context = context_] { asio::post(context, [this] { drain(); }); });
  }

  void drain() {
    if (std::exchange(is_draining_, true)) {
      return;
    }
    limit_.expires_after(shutdown_max);
    limit_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) {
        context_.stop();
      }
    });
    gateway_.drain([this] { one_ended(); });
  }

  void one_ended() {
    if (--unfinished_ == 0) {
      context_.stop();
    }
  }

  asio::io_context& context_;
  net::Server& server_;
  backend::Backend* sample_backend_;  // Null without --demo.
  gateway::Gateway& gateway_;
  asio::signal_set signals_;
  asio::steady_timer limit_;
  bool is_draining_ = false;
  int unfinished_ = 2;
};

net::AllowedHosts allowed_hosts_of(const ServeOptions& options) {
  std::vector<net::HostPort> hosts;
  for (const std::string& name : options.allowed_hosts) {
    hosts.push_back(*net::parse_host_port(name));  // The option's own check has let it through.
  }
  return net::AllowedHosts(std::move(hosts));
}

void serve(const ServeOptions& options, const std::optional<broker::RedisOptions>& redis) {
  net::ServerOptions server_options{.address = options.address,
                                    .port = static_cast<std::uint16_t>(options.port),
                                    .limits = {},
                                    .allowed_hosts = allowed_hosts_of(options)};
  gateway::GatewayOptions gateway_settings = gateway_options(options, redis.has_value());
  limit_connections(server_options.limits, gateway_settings, options);

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

  std::unique_ptr<broker::Broker> channel;
  std::string broker_name = "embedded";
  if (redis) {
    if (const std::optional<std::string> trouble = broker::check_redis(*redis)) {
      throw std::runtime_error(*trouble);
    }
    // A seed of its own keeps gateways from coming back to a restarted Redis in step.
    broker::RedisOptions seeded = *redis;
    seeded.seed = std::random_device{}();
    limit_history(seeded.history, options);
    channel = std::make_unique<broker::RedisBroker>(context, std::move(seeded));
    broker_name = "redis " + broker::redis_address(*redis);
  } else {
    broker::EmbeddedBrokerOptions embedded;
    embedded.journal = journal_of(options);
    limit_history(embedded.limits, options);
    channel = std::make_unique<broker::EmbeddedBroker>(context, std::move(embedded));
  }

  gateway::Gateway gateway(context, *channel, gateway_settings);
  gateway.add_routes(router);
  PublishRoute publish_route(context, *channel, {});
  if (has_publish_route(options, server)) {
    publish_route.add_to(router);
  }
  std::optional<backend::Backend> sample_backend;
  if (options.demo) {
    sample_backend.emplace(backend_options(options), *channel);
    sample_backend->add_routes(router);
    router.set_fallback([&page](net::Exchange exchange) { page->respond(std::move(exchange)); });
  }

  // Not const: their handlers change them.
  Shutdown shutdown(context, server, sample_backend ? &*sample_backend : nullptr, gateway);
  ReadyLine ready(context, *channel,
                  "regstream: serving on " + server.url() + " (broker: " + broker_name + ")");
  net::run(context);
}

int run_serve(const ServeOptions& options) {
  std::optional<broker::RedisOptions> redis;
  try {
    redis = redis_of(options);
    if (redis && options.journal) {
      throw std::invalid_argument(
          "--journal is the embedded broker's; with Redis the history is kept there");
    }
  } catch (const std::invalid_argument& error) {
    complain("", error.what());
    return 2;
  }
  try {
    serve(options, redis);
  } catch (const std::exception& error) {
    complain("", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_serve_command(CLI::App& app, int& exit_code) {
  const auto options = std::make_shared<ServeOptions>();
  options->database = beside_program("demo.sqlite3").string();
  options->page = beside_program("web-demo").string();

  CLI::App* command = app.add_subcommand("serve", "Serve the streams, and with --demo the sample");
  command->add_option("--address", options->address, "Address to listen on")
      ->check(check_listen_address)
      ->capture_default_str();
  command->add_option("--port", options->port, "Port to listen on; 0 takes any free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  command
      ->add_option("--allow-host", options->allowed_hosts,
                   "NAME[:PORT] by which clients or a proxy ask, besides IP addresses and "
                   "localhost; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_host);
  command
      ->add_option("--redis", options->redis,
                   "HOST[:PORT] of Redis; also by REDIS_HOST, REDIS_PORT, REDIS_PASSWORD. "
                   "Without one the broker is embedded")
      ->check(check_not_empty);
  command->add_option(
      "--journal", options->journal,
      "File that keeps the embedded broker's history over a restart (with --demo: "
      "journal.sqlite3 beside the database; otherwise, and with an empty name, none)");
  command
      ->add_option("--history-length", options->history_length,
                   "Updates that are kept for clients that come back (Redis: 10000; otherwise "
                   "100000). Gateways on one Redis should have the same")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}));
  command
      ->add_option("--history-bytes", options->history_bytes,
                   "Bytes of updates that are kept (64 MiB)")
      ->check(CLI::Range(std::size_t{2} << 20U, std::size_t{4} << 30U));
  command
      ->add_option("--history-hours", options->history_hours,
                   "Age of updates that are kept, in the gateway and in the journal (24)")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{8'760}));
  command
      ->add_option("--publish-route", options->publish_route,
                   "POST /api/registrations/{id}/updates, by which anyone who reaches it "
                   "publishes: on, off, or auto: on where only this machine reaches it")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->capture_default_str();
  command
      ->add_option(
          "--connections-per-client", options->connections_per_client,
          "Streams and requests that one client address (IPv6: one /64) may have open at a "
          "time, loopback addresses excepted; 0: any number, for a proxy on another machine "
          "(a quarter of what the limit on open files allows)")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1'000'000}));
  command->add_option("--ping-interval-ms", options->ping_interval_ms, "Time between pings")
      ->check(CLI::Range(std::int64_t{10}, std::int64_t{3'600'000}))
      ->capture_default_str();
  command
      ->add_option("--retry-ms", options->retry_ms, "How long clients wait before they come back")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{3'600'000}))
      ->capture_default_str();
  command->add_flag("--demo", options->demo, "Serve the sample backend and its page as well");
  command->add_option("--database", options->database, "The sample's SQLite file")
      ->check(check_not_empty)
      ->capture_default_str();
  command->add_option("--page", options->page, "Folder of the sample's built page")
      ->check(check_not_empty)
      ->capture_default_str();
  command
      ->add_option("--stage-pace-ms", options->stage_pace_ms,
                   "Pause between two steps of the sample's validation, for people to follow it")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{60'000}))
      ->capture_default_str();
  command
      ->add_option("--t24-latency-ms", options->t24_latency_ms,
                   "Time the sample's core banking takes for a look-up")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{600'000}))
      ->capture_default_str();
  command->add_option("--t24-fault", options->t24_fault, "What goes wrong with look-ups")
      ->check(CLI::IsMember({"none", "unavailable", "rejected", "silent"}))
      ->capture_default_str();
  command->add_option("--t24-fault-rate", options->t24_fault_rate, "Share of look-ups it hits")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      ->add_option("--job-interval-ms", options->job_interval_ms,
                   "How often the sample's job turns APPROVED into COMPLETED")
      ->check(CLI::Range(std::int64_t{10}, std::int64_t{86'400'000}))
      ->capture_default_str();
  command->callback([options, &exit_code] { exit_code = run_serve(*options); });
}

}  // namespace regstream::cli
