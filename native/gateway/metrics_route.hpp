#pragma once

#include <string_view>

#include "access/guard.hpp"
#include "gateway/health_routes.hpp"
#include "metrics/registry.hpp"
#include "net/router.hpp"

namespace regstream::gateway {

/// `GET /metrics`: everything in `registry`, and facts about the process, its servers and its
/// workflows. Lives on the first loop.
class MetricsRoute {
 public:
  /// All must outlive the route. Other parts add what they count on the first loop to `registry`.
  MetricsRoute(metrics::Registry& registry, const HealthRoutes& health);

  /// `router` calls this object from now on. Requests need the right to inspect.
  void add_to(net::Router& router, const access::Guard& guard);

  static constexpr std::string_view path = "/metrics";

 private:
  metrics::Registry& registry_;
  const HealthRoutes& health_;
  const ProcessFacts* facts_ = nullptr;  // Of the response that is being made.
};

}  // namespace regstream::gateway
