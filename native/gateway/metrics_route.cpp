#include "gateway/metrics_route.hpp"

#include <string>
#include <utility>

#include "gateway/moment.hpp"
#include "gateway/workflow_metrics.hpp"
#include "metrics/process_metrics.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

void collect_health(metrics::Scrape& scrape, const HealthRoutes& health) {
  const HealthFacts facts = health.facts();
  scrape.add("process_start_time_seconds",
             static_cast<double>(facts.started_timestamp_ms) / 1'000.0);
  scrape.add("regstream_build_info", 1,
             {{"version", facts.version}, {"broker", facts.broker_kind}});
  scrape.add("regstream_ready", find_obstacles(health.workflows()).empty() ? 1 : 0);
  scrape.add("regstream_streams_max", health.workflows().front().pump.streams_max());
  const hub::Moment now = moment();
  for (const ServedWorkflow& workflow : health.workflows()) {
    collect_workflow(scrape, workflow, now);
  }
}

void collect_server(metrics::Scrape& scrape, const net::Server& server) {
  const net::RefusedConnections& refused = server.refused();
  scrape.add("regstream_connections", server.sessions());
  scrape.add("regstream_connections_max", server.limits().sessions_max);
  scrape.add("regstream_connections_refused_total", refused.at_client_limit,
             {{"reason", "client_limit"}});
  scrape.add("regstream_connections_refused_total", refused.at_server_limit,
             {{"reason", "server_limit"}});
  for (const auto& [status, count] : server.answers()) {
    scrape.add("regstream_http_responses_total", count,
               {{"status", std::to_string(static_cast<unsigned>(status))}});
  }
}

}  // namespace

MetricsRoute::MetricsRoute(metrics::Registry& registry, const HealthRoutes& health,
                           const net::Server& server)
    : registry_(registry) {
  registry_.add(metrics::collect_process);
  registry_.add([&health](metrics::Scrape& scrape) { collect_health(scrape, health); });
  registry_.add([&server](metrics::Scrape& scrape) { collect_server(scrape, server); });
}

void MetricsRoute::add_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, path, guard.admit_inspectors([this](net::Exchange exchange) {
    net::Response response(http::status::ok, exchange.request().version());
    response.set(http::field::content_type, metrics::Registry::content_type);
    response.set(http::field::cache_control, "no-store");
    response.body() = registry_.text();
    exchange.respond(std::move(response));
  }));
}

}  // namespace regstream::gateway
