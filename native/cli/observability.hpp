#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <regstream/broker/broker.hpp>

#include "access/guard.hpp"
#include "cli/serve_options.hpp"
#include "gateway/health_routes.hpp"
#include "gateway/metrics_route.hpp"
#include "metrics/registry.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::cli {

/// What operators see from outside: `/livez`, `/readyz`, `/api/health` and `/metrics`, on a port of
/// their own if one is configured.
class Observability {
 public:
  /// Listens on the operators' address, and throws std::runtime_error if that fails. All arguments
  /// must outlive this, and `context` must be the first loop. `broker_kind`: "embedded" or "redis".
  Observability(boost::asio::io_context& context, const ServeOptions& options,
                std::vector<broker::Broker*> brokers, gateway::AskLoops ask_loops,
                std::string broker_kind);
  Observability(const Observability&) = delete;
  Observability& operator=(const Observability&) = delete;
  ~Observability() = default;

  /// Adds the routes of the gateway's own port. If operators have a port of their own, these are
  /// the probes only: a route that doesn't exist needs no guard. `router` calls this object from
  /// now on.
  void add_to(net::Router& router, const access::Guard& guard);

  /// Other parts add their metrics here.
  [[nodiscard]] metrics::Registry& registry() { return registry_; }

  /// Paths that a declared workflow can't have.
  [[nodiscard]] static std::vector<std::string_view> paths();

 private:
  void listen(boost::asio::io_context& context, const ServeOptions& options);

  gateway::HealthRoutes health_;
  metrics::Registry registry_;
  gateway::MetricsRoute metrics_;
  net::Router ops_router_;
  std::optional<net::Server> ops_server_;
};

/// Sets the log's format and level.
void begin_log(const ObservabilityOptions& options);

/// Reports why `serve` could not start: as text, or as a JSON log line.
void complain_of_start(const char* what);

}  // namespace regstream::cli
