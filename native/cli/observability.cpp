#include "cli/observability.hpp"

#include <utility>

#include "cli/observability_options.hpp"
#include "cli/terminal.hpp"
#include "log/log.hpp"
#include "log/printable.hpp"
#include "net/exposure.hpp"

namespace regstream::cli {
namespace {

// For monitoring and probes: a few connections with small requests. Their descriptors are reserved
// (`share_descriptors`).
net::ServerLimits ops_limits() {
  net::ServerLimits limits;
  limits.sessions_max = 8;
  limits.body_bytes_max = 4U << 10U;
  limits.held_bytes_max = 4U << 20U;
  return limits;
}

}  // namespace

Observability::Observability(boost::asio::io_context& context, const ServeOptions& options,
                             std::vector<broker::Broker*> brokers, gateway::AskLoops ask_loops,
                             std::string broker_kind)
    : health_(std::move(brokers), std::move(ask_loops),
              {.broker_kind = std::move(broker_kind), .version = REGSTREAM_VERSION}),
      metrics_(registry_, health_) {
  if (!options.observability.ops_address.empty()) {
    listen(context, options);
  }
}

void Observability::listen(boost::asio::io_context& context, const ServeOptions& options) {
  health_.add_to(ops_router_, access::open_guard());
  metrics_.add_to(ops_router_, access::open_guard());
  const OpsAddress ops = ops_address_of(options.observability);
  ops_server_.emplace(
      context, ops_router_,
      net::ServerOptions{.address = ops.address,
                         .port = ops.port,
                         .limits = ops_limits(),
                         .allowed_hosts = net::AllowedHosts(allowed_hosts_of(options)),
                         .cors = {},
                         .option = "--ops-address",
                         .logs_requests = options.observability.log_requests});
  if (net::find_exposure(ops.address, {})) {
    logging::warn("ops address",
                  "metrics and health for operators are at {}; everybody who can reach that "
                  "address may read them (--ops-address)",
                  ops_server_->url());
  } else {
    logging::info("ops address", "operators ask at {}", ops_server_->url());
  }
}

void Observability::add_to(net::Router& router, const access::Guard& guard) {
  health_.add_probes_to(router, guard);
  if (!ops_server_) {
    health_.add_details_to(router, guard);
    metrics_.add_to(router, guard);
  }
}

std::vector<std::string_view> Observability::paths() {
  std::vector<std::string_view> paths(gateway::HealthRoutes::paths.begin(),
                                      gateway::HealthRoutes::paths.end());
  paths.push_back(gateway::MetricsRoute::path);
  return paths;
}

void begin_log(const ObservabilityOptions& options) {
  logging::set_format(log_format_of(options));
  logging::set_level(log_level_of(options.log_level));
}

void complain_of_start(const char* what) {
  if (logging::format() == logging::Format::json) {
    logging::error("start failed", "{}", printable_message(what));
  } else {
    complain("", what);
  }
}

}  // namespace regstream::cli
