#pragma once

#include <string_view>

#include "access/guard.hpp"
#include "gateway/health_routes.hpp"
#include "metrics/registry.hpp"
#include "net/router.hpp"

namespace regstream::gateway {

/// `GET /metrics`: what `registry` has, and the facts of the process, its servers and its
/// workflows. On the first loop.
class MetricsRoute {
 public:
  /// All must outlive the route. Others add what they count on the first loop to `registry`.
  MetricsRoute(metrics::Registry& registry, const HealthRoutes& health);

  /// `router` calls this object from now on, for those who may inspect.
  void add_to(net::Router& router, const access::Guard& guard);

  static constexpr std::string_view path = "/metrics";

 private:
  metrics::Registry& registry_;
  const HealthRoutes& health_;
  const ProcessFacts* facts_ = nullptr;  // Of the answer in the making.
};

}  // namespace regstream::gateway
