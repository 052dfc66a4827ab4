#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/time.hpp>

#include "hub/hub.hpp"
#include "net/exchange.hpp"
#include "net/server.hpp"

namespace regstream::gateway {

/// Why the gateway is not ready: sentences for anybody. Empty: updates can be read and published.
[[nodiscard]] std::vector<std::string> find_obstacles(broker::Broker& broker, const hub::Hub& hub,
                                                      bool is_draining);

/// The answer of `/readyz`: 200, or 503 with the obstacles.
[[nodiscard]] net::Response describe_readiness(const std::vector<std::string>& obstacles);

/// What neither the broker nor the hub knows of a gateway. Timestamps are in milliseconds since the
/// Unix epoch; one is empty where it has not happened yet.
struct HealthFacts {
  std::string_view broker_kind;  ///< "embedded" or "redis".
  std::string_view version;
  std::int64_t started_timestamp_ms = 0;
  Duration uptime{};
  std::int64_t now_timestamp_ms = 0;
  std::size_t streams_max = 0;
  std::uint64_t streams_refused = 0;
  net::RefusedConnections connections_refused;
  std::optional<std::int64_t> published_timestamp_ms;  ///< Of the last new message.
  std::optional<std::int64_t> delivered_timestamp_ms;  ///< Of the last message to any stream.
};

/// The body of `/api/health`: one JSON object, details for people. Its members keep their names.
[[nodiscard]] std::string describe_health(const HealthFacts& facts, const broker::Broker& broker,
                                          const hub::Hub& hub,
                                          const std::vector<std::string>& obstacles);

}  // namespace regstream::gateway
