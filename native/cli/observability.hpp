#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "access/guard.hpp"
#include "gateway/gateway.hpp"
#include "gateway/health_routes.hpp"
#include "gateway/metrics_route.hpp"
#include "metrics/registry.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::cli {

/// How operators see the gateway from outside: `/livez`, `/readyz`, `/api/health` and `/metrics`.
class Observability {
 public:
  /// All must outlive this. `broker_kind`: "embedded" or "redis".
  Observability(const net::Server& server, const std::vector<gateway::Gateway*>& gateways,
                std::string broker_kind);
  Observability(const Observability&) = delete;
  Observability& operator=(const Observability&) = delete;
  ~Observability() = default;

  /// `router` calls this object from now on.
  void add_to(net::Router& router, const access::Guard& guard);

  /// Where others add what they count.
  [[nodiscard]] metrics::Registry& registry() { return registry_; }

  /// What a declared workflow can't have.
  [[nodiscard]] static std::vector<std::string_view> paths();

 private:
  gateway::HealthRoutes health_;
  metrics::Registry registry_;
  gateway::MetricsRoute metrics_;
};

}  // namespace regstream::cli
