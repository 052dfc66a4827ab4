#include "gateway/health_routes.hpp"

#include <utility>

#include "gateway/moment.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

HealthRoutes::HealthRoutes(const std::vector<Gateway*>& gateways, HealthOptions options)
    : options_(std::move(options)),
      started_(moment().now),
      started_timestamp_ms_(moment().timestamp_ms) {
  workflows_.reserve(gateways.size());
  for (Gateway* const gateway : gateways) {
    workflows_.push_back({gateway->broker(), gateway->pump()});
  }
}

void HealthRoutes::add_probes_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, paths[0], [](net::Exchange exchange) {
    // The loop answers, and that is all that is asked.
    exchange.respond(describe_readiness({}));
  });
  router.add(http::verb::get, paths[1], [this, is_open = guard.is_open()](net::Exchange exchange) {
    std::vector<std::string> obstacles = find_obstacles(workflows_);
    if (!obstacles.empty() && !is_open) {
      obstacles = {"The gateway is not ready."};
    }
    exchange.respond(describe_readiness(obstacles));
  });
}

void HealthRoutes::add_details_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, paths[2], guard.admit_inspectors([this](net::Exchange exchange) {
    exchange.respond_json(http::status::ok, describe_health(facts(), workflows_));
  }));
}

HealthFacts HealthRoutes::facts() const {
  const hub::Moment now = moment();
  return {.broker_kind = options_.broker_kind,
          .version = options_.version,
          .started_timestamp_ms = started_timestamp_ms_,
          .uptime = now.now - started_,
          .now_timestamp_ms = now.timestamp_ms,
          .connections_refused = options_.connections_refused ? options_.connections_refused()
                                                              : net::RefusedConnections{}};
}

}  // namespace regstream::gateway
