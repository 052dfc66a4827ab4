#include "gateway/health.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "net/problem.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

std::vector<std::string> find_obstacles(broker::Broker& broker, const hub::Hub& hub,
                                        bool is_draining) {
  std::vector<std::string> obstacles;
  if (is_draining) {
    obstacles.emplace_back("The gateway is shutting down.");
  }
  const broker::Obstacles found = broker.obstacles();
  if (!found.reading.empty()) {
    obstacles.push_back("Updates can't be read: " + found.reading + '.');
  } else if (!hub.is_live()) {
    obstacles.emplace_back("Updates can't be read: the history has not been read yet.");
  }
  if (!found.publishing.empty()) {
    obstacles.push_back("Updates can't be published: " + found.publishing + '.');
  }
  return obstacles;
}

net::Response describe_readiness(const std::vector<std::string>& obstacles) {
  if (obstacles.empty()) {
    net::Response response(http::status::ok, 11);
    response.set(http::field::content_type, "application/json");
    response.set(http::field::cache_control, "no-store");
    response.body() = R"({"status":"ok"})";
    return response;
  }
  std::string detail;
  for (const std::string& obstacle : obstacles) {
    detail.append(detail.empty() ? "" : " ").append(obstacle);
  }
  net::Response response =
      net::make_problem({.status = http::status::service_unavailable, .detail = std::move(detail)});
  response.set(http::field::retry_after, "1");
  response.set(http::field::cache_control, "no-store");
  return response;
}

std::string describe_health(std::string_view broker_kind, const broker::Broker& broker,
                            const hub::Hub& hub, const std::vector<std::string>& obstacles) {
  const hub::HubCounters& counters = hub.counters();
  const hub::Journal& journal = hub.journal();
  nlohmann::ordered_json json;
  json["status"] = obstacles.empty() ? "ok" : "degraded";
  json["reasons"] = obstacles;
  json["broker"] = {{"kind", broker_kind}, {"connected", broker.is_connected()}};
  json["subscribers"] = hub.subscriptions();
  json["history"] = {{"live", hub.is_live()},
                     {"position", to_string(journal.position())},
                     {"resumableFrom", to_string(journal.resumable_from())},
                     {"messages", journal.size()},
                     {"bytes", journal.bytes()}};
  json["published"] = counters.published;
  const broker::DroppedCounts dropped = broker.dropped();
  DropCounts malformed = counters.malformed;
  malformed += dropped.malformed;
  json["malformed"] = malformed.total();
  json["dropped"] = nlohmann::ordered_json::object();
  for (std::size_t reason = 0; reason < drop_reason_names.size(); ++reason) {
    json["dropped"][std::string{drop_reason_names[reason]}] =
        malformed.of(static_cast<DropReason>(reason));
  }
  json["dropped"]["forged"] = dropped.forged;
  json["dropped"]["overflowing"] = dropped.overflowing;
  json["mistyped"] = counters.mistyped;
  json["duplicates"] = counters.duplicates;
  json["gaps"] = counters.gaps;
  json["deliveries"] = counters.deliveries;
  json["resumed"] = counters.resumed;
  json["waited"] = counters.waited;
  json["resets"] = counters.resets;
  json["snapshots"] = counters.snapshots;
  json["overruns"] = counters.overruns;
  return json.dump();
}

}  // namespace regstream::gateway
