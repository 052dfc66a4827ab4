#include "gateway/health.hpp"

#include <array>
#include <chrono>
#include <utility>

#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include "net/problem.hpp"

namespace regstream::gateway {

namespace http = boost::beast::http;

namespace {

using Json = nlohmann::ordered_json;

/// ISO 8601 in UTC, or null: there is no time, or it belongs to an invented epoch after the year
/// 9999.
Json time_text(std::optional<std::int64_t> timestamp_ms) {
  constexpr std::int64_t year_10000_ms = 253'402'300'800'000;
  if (!timestamp_ms || *timestamp_ms < 0 || *timestamp_ms >= year_10000_ms) {
    return nullptr;
  }
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(*timestamp_ms / 1'000),
                     *timestamp_ms % 1'000);
}

double to_ms(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1'000.0;
}

Json describe_redis(const broker::ServerHealth& server, std::int64_t now_timestamp_ms) {
  Json json;
  json["awaySince"] =
      server.away_for ? time_text(now_timestamp_ms - server.away_for->count()) : Json();
  json["roundTripMs"] = server.round_trip ? Json(to_ms(*server.round_trip)) : Json();
  json["roundTripMaxMs"] = server.round_trip ? Json(to_ms(server.round_trip_max)) : Json();
  json["maxmemoryPolicy"] =
      server.maxmemory_policy.empty() ? Json() : Json(server.maxmemory_policy);
  json["usedMemoryBytes"] = server.memory_used ? Json(*server.memory_used) : Json();
  json["maxMemoryBytes"] = server.memory_max ? Json(*server.memory_max) : Json();
  json["otherDeployments"] = server.other_deployments;
  return json;
}

/// An epoch is the millisecond at which its history began.
Json describe_history(const StreamFacts& streams, std::int64_t now_timestamp_ms) {
  const std::uint64_t epoch = streams.position.epoch;
  const auto began_ms = static_cast<std::int64_t>(epoch);
  const bool has_begun = epoch != 0;
  return {{"live", streams.is_live},
          {"epoch", has_begun ? Json(epoch) : Json()},
          {"beganAt", has_begun ? time_text(began_ms) : Json()},
          {"ageSeconds", has_begun ? Json((now_timestamp_ms - began_ms) / 1'000) : Json()},
          {"position", to_string(streams.position)},
          {"resumableFrom", to_string(streams.resumable_from)},
          {"messages", streams.journal_messages},
          {"bytes", streams.journal_bytes}};
}

/// Counts by an enumeration, with the names of its enumerators.
template <typename Reason, typename Counts, std::size_t size>
Json describe_counts(const Counts& counts, const std::array<std::string_view, size>& names) {
  Json json = Json::object();
  for (std::size_t index = 0; index < size; ++index) {
    json[std::string{names[index]}] = counts.of(static_cast<Reason>(index));
  }
  return json;
}

/// `is_draining` counts as an obstacle, too.
std::vector<std::string> find_obstacles(const ServedWorkflow& workflow, bool is_draining) {
  std::vector<std::string> obstacles;
  if (is_draining) {
    obstacles.emplace_back("The gateway is shutting down.");
  }
  const broker::Obstacles found = workflow.broker.obstacles();
  if (!found.reading.empty()) {
    obstacles.push_back("Updates can't be read: " + found.reading + '.');
  } else if (!workflow.streams.is_live) {
    obstacles.emplace_back("Updates can't be read: the history has not been read yet.");
  }
  if (!found.publishing.empty()) {
    obstacles.push_back("Updates can't be published: " + found.publishing + '.');
  }
  return obstacles;
}

const std::string& name_of(const ServedWorkflow& workflow) {
  return workflow.broker.workflow().name;
}

/// The facts of one workflow's broker and hub.
Json describe_workflow(const HealthFacts& facts, const ServedWorkflow& workflow) {
  const broker::Broker& broker = workflow.broker;
  const StreamFacts& streams = workflow.streams;
  const hub::HubCounters& counters = streams.counters;
  Json json;
  json["broker"] = {{"kind", facts.broker_kind}, {"connected", broker.is_connected()}};
  if (const auto server = broker.server_health()) {
    json["redis"] = describe_redis(*server, facts.now_timestamp_ms);
  }
  json["subscribers"] = streams.open;
  json["streams"] = {{"limit", streams.open_max}, {"refused", streams.refused}};
  json["history"] = describe_history(streams, facts.now_timestamp_ms);
  json["lastPublishedAt"] = time_text(streams.published_timestamp_ms);
  json["lastDeliveredAt"] = time_text(streams.delivered_timestamp_ms);
  json["published"] = counters.published;
  const broker::DroppedCounts dropped = broker.dropped();
  const DropCounts malformed = malformed_messages(workflow);
  json["malformed"] = malformed.total();
  json["dropped"] = describe_counts<DropReason>(malformed, drop_reason_names);
  json["dropped"]["forged"] = dropped.forged;
  json["dropped"]["overflowing"] = dropped.overflowing;
  json["mistyped"] = counters.mistyped;
  json["duplicates"] = counters.duplicates;
  json["gaps"] = counters.gaps;
  json["deliveries"] = counters.deliveries;
  json["resumed"] = counters.resumed;
  json["waited"] = counters.waited;
  json["resets"] = counters.resets.total();
  json["resetsByReason"] =
      describe_counts<hub::ResetCause>(counters.resets, hub::reset_cause_names);
  json["snapshots"] = counters.snapshots;
  json["ended"] = counters.ended;
  json["overruns"] = counters.overruns;
  return json;
}

Json describe_state(const std::vector<std::string>& obstacles) {
  return {{"status", obstacles.empty() ? "ok" : "degraded"}, {"reasons", obstacles}};
}

}  // namespace

std::vector<std::string> find_obstacles(std::span<const ServedWorkflow> workflows) {
  std::vector<std::string> obstacles;
  for (const ServedWorkflow& workflow : workflows) {
    const bool is_first = &workflow == &workflows.front();
    const std::string prefix = is_first ? "" : name_of(workflow) + ": ";
    for (const auto& found : find_obstacles(workflow, is_first && workflow.streams.is_draining)) {
      obstacles.push_back(prefix + found);
    }
  }
  return obstacles;
}

DropCounts malformed_messages(const ServedWorkflow& workflow) {
  DropCounts malformed = workflow.streams.counters.malformed;
  malformed += workflow.broker.dropped().malformed;
  return malformed;
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

std::string describe_health(const HealthFacts& facts, std::span<const ServedWorkflow> workflows) {
  Json json = describe_state(find_obstacles(workflows));
  json["version"] = facts.version;
  json["startedAt"] = time_text(facts.started_timestamp_ms);
  json["uptimeSeconds"] = facts.uptime / std::chrono::seconds{1};
  const Json first = describe_workflow(facts, workflows.front());
  for (const auto& member : first.items()) {
    json[member.key()] = member.value();
    if (member.key() == "streams") {
      json["connections"] = {{"refused", facts.connections_refused.at_server_limit},
                             {"refusedAtClientLimit", facts.connections_refused.at_client_limit}};
    }
  }
  for (const ServedWorkflow& workflow : workflows) {
    Json state = describe_state(find_obstacles(workflow, workflow.streams.is_draining));
    state.update(describe_workflow(facts, workflow));
    json["workflows"][name_of(workflow)] = std::move(state);
  }
  // Text from others, such as Redis, may be malformed.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace regstream::gateway
