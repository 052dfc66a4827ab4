#include "gateway/metrics_route.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "gateway/moment.hpp"
#include "gateway/workflow_metrics.hpp"
#include "metrics/process_metrics.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

void collect_health(metrics::Scrape& scrape, const ProcessFacts& facts) {
  scrape.add("process_start_time_seconds",
             static_cast<double>(facts.health.started_timestamp_ms) / 1'000.0);
  scrape.add("regstream_build_info", 1,
             {{"version", facts.health.version}, {"broker", facts.health.broker_kind}});
  scrape.add("regstream_ready", find_obstacles(facts.workflows).empty() ? 1 : 0);
  scrape.add("regstream_streams_max", facts.workflows.front().streams.open_max);
  const hub::Moment now = moment();
  for (const ServedWorkflow& workflow : facts.workflows) {
    collect_workflow(scrape, workflow, now);
  }
}

void collect_server(metrics::Scrape& scrape, const ServerFacts& server) {
  scrape.add("regstream_connections", server.sessions);
  scrape.add("regstream_connections_max", server.sessions_max);
  scrape.add("regstream_connections_refused_total", server.refused.at_client_limit,
             {{"reason", "client_limit"}});
  scrape.add("regstream_connections_refused_total", server.refused.at_server_limit,
             {{"reason", "server_limit"}});
  for (const auto& [status, count] : server.answers) {
    scrape.add("regstream_http_responses_total", count,
               {{"status", std::to_string(static_cast<unsigned>(status))}});
  }
}

void collect_denials(metrics::Scrape& scrape, const access::DenialCounts& denials) {
  for (std::size_t index = 0; index < access::denial_reason_names.size(); ++index) {
    scrape.add("regstream_token_denials_total",
               denials.of(static_cast<access::DenialReason>(index)),
               {{"reason", access::denial_reason_names[index]}});
  }
}

}  // namespace

MetricsRoute::MetricsRoute(metrics::Registry& registry, const HealthRoutes& health)
    : registry_(registry), health_(health) {
  registry_.add(metrics::collect_process);
  registry_.add([this](metrics::Scrape& scrape) {
    collect_health(scrape, *facts_);
    collect_server(scrape, facts_->loops.server);
    collect_denials(scrape, facts_->loops.denials);
  });
}

void MetricsRoute::add_to(net::Router& router, const access::Guard& guard) {
  router.add(http::verb::get, path, guard.admit_inspectors([this](net::Exchange exchange) {
    health_.read([this, asked = std::make_shared<net::Exchange>(std::move(exchange))](
                     const ProcessFacts& facts) {
      facts_ = &facts;
      net::Response response(http::status::ok, asked->request().version());
      response.set(http::field::content_type, metrics::Registry::content_type);
      response.set(http::field::cache_control, "no-store");
      response.body() = registry_.text();
      asked->respond(std::move(response));
    });
  }));
}

}  // namespace regstream::gateway
