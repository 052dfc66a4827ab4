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

/// How operators see the gateway from outside: `/livez`, `/readyz`, `/api/health` and `/metrics`;
/// on an address of their own as well, if one is given.
class Observability {
 public:
  /// Listens on the operators' address, and throws std::runtime_error if it can't be had. All must
  /// outlive this, and `context` is the first loop. `broker_kind`: "embedded" or "redis".
  Observability(boost::asio::io_context& context, const ServeOptions& options,
                std::vector<broker::Broker*> brokers, gateway::AskLoops ask_loops,
                std::string broker_kind);
  Observability(const Observability&) = delete;
  Observability& operator=(const Observability&) = delete;
  ~Observability() = default;

  /// The routes of the gateway's own port. Where operators have theirs, these are the probes alone:
  /// what is not there needs no guard. `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard);

  /// Where others add what they count.
  [[nodiscard]] metrics::Registry& registry() { return registry_; }

  /// What a declared workflow can't have.
  [[nodiscard]] static std::vector<std::string_view> paths();

 private:
  void listen(boost::asio::io_context& context, const ServeOptions& options);

  gateway::HealthRoutes health_;
  metrics::Registry registry_;
  gateway::MetricsRoute metrics_;
  net::Router ops_router_;
  std::optional<net::Server> ops_server_;
};

/// The log's format and level, from now on.
void begin_log(const ObservabilityOptions& options);

/// Says why `serve` could not start: for people, or as a line of a log in JSON.
void complain_of_start(const char* what);

}  // namespace regstream::cli
