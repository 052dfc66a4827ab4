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

/// Why the gateway is not ready, as sentences without details that only operators may see. Empty:
/// updates of every workflow can be read and published. A sentence about any workflow but the first
/// begins with its name.
[[nodiscard]] std::vector<std::string> find_obstacles(std::span<const ServedWorkflow> workflows);

/// Counts messages from others that are not updates, whether the broker or the hub found them.
[[nodiscard]] DropCounts malformed_messages(const ServedWorkflow& workflow);

/// The response of `/readyz`: 200, or 503 with the obstacles.
[[nodiscard]] net::Response describe_readiness(const std::vector<std::string>& obstacles);

/// Facts about the process. Timestamps are in milliseconds since the Unix epoch.
struct HealthFacts {
  std::string_view broker_kind;  ///< "embedded" or "redis".
  std::string_view version;
  std::int64_t started_timestamp_ms = 0;
  Duration uptime{};
  std::int64_t now_timestamp_ms = 0;
  net::RefusedConnections connections_refused;
};

/// The body of `/api/health`: one JSON object, with details for people (docs/health.md). Members
/// keep their names. Those of the first workflow are in the object itself, because there once was
/// only one; `workflows` has those of each.
[[nodiscard]] std::string describe_health(const HealthFacts& facts,
                                          std::span<const ServedWorkflow> workflows);

}  // namespace regstream::gateway
