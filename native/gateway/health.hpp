#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "gateway/loop_facts.hpp"
#include "net/exchange.hpp"
#include "net/server.hpp"

namespace regstream::gateway {

/// One workflow of a gateway.
struct ServedWorkflow {
  broker::Broker& broker;
  StreamFacts streams;  ///< Of all loops.
};

/// Why the gateway is not ready: sentences for anybody. Empty: updates of each workflow can be read
/// and published. Those of any but the first begin with its name.
[[nodiscard]] std::vector<std::string> find_obstacles(std::span<const ServedWorkflow> workflows);

/// Messages of others that are no updates, whether the broker found that or the hub.
[[nodiscard]] DropCounts malformed_messages(const ServedWorkflow& workflow);

/// The answer of `/readyz`: 200, or 503 with the obstacles.
[[nodiscard]] net::Response describe_readiness(const std::vector<std::string>& obstacles);

/// What is the process's. Timestamps are in milliseconds since the Unix epoch.
struct HealthFacts {
  std::string_view broker_kind;  ///< "embedded" or "redis".
  std::string_view version;
  std::int64_t started_timestamp_ms = 0;
  Duration uptime{};
  std::int64_t now_timestamp_ms = 0;
  net::RefusedConnections connections_refused;
};

/// The body of `/api/health`: one JSON object, details for people. Its members keep their names:
/// those of the first workflow stand in the object itself, as they did when there was one, and
/// those of each in `workflows`.
[[nodiscard]] std::string describe_health(const HealthFacts& facts,
                                          std::span<const ServedWorkflow> workflows);

}  // namespace regstream::gateway
