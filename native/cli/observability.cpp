#include "cli/observability.hpp"

#include <utility>

namespace regstream::cli {

Observability::Observability(const net::Server& server,
                             const std::vector<gateway::Gateway*>& gateways,
                             std::string broker_kind)
    : health_(gateways, {.broker_kind = std::move(broker_kind),
                         .version = REGSTREAM_VERSION,
                         .connections_refused = [&server] { return server.refused(); }}),
      metrics_(registry_, health_, server) {}

void Observability::add_to(net::Router& router, const access::Guard& guard) {
  health_.add_to(router, guard);
  metrics_.add_to(router, guard);
}

std::vector<std::string_view> Observability::paths() {
  std::vector<std::string_view> paths(gateway::HealthRoutes::paths.begin(),
                                      gateway::HealthRoutes::paths.end());
  paths.push_back(gateway::MetricsRoute::path);
  return paths;
}

}  // namespace regstream::cli
