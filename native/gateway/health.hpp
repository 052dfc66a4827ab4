#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>

#include "hub/hub.hpp"
#include "net/exchange.hpp"

namespace regstream::gateway {

/// Why the gateway is not ready: sentences for anybody. Empty: updates can be read and published.
[[nodiscard]] std::vector<std::string> find_obstacles(broker::Broker& broker, const hub::Hub& hub,
                                                      bool is_draining);

/// The answer of `/readyz`: 200, or 503 with the obstacles.
[[nodiscard]] net::Response describe_readiness(const std::vector<std::string>& obstacles);

/// The body of `/api/health`: one JSON object, details for people. `broker_kind` is "embedded" or
/// "redis".
[[nodiscard]] std::string describe_health(std::string_view broker_kind,
                                          const broker::Broker& broker, const hub::Hub& hub,
                                          const std::vector<std::string>& obstacles);

}  // namespace regstream::gateway
