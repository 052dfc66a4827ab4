#pragma once

#include <string>
#include <string_view>

#include <regstream/broker/broker.hpp>

#include "hub/hub.hpp"

namespace regstream::gateway {

/// The body of `/api/health`: one JSON object, details for people. `broker_kind` is "embedded" or
/// "redis".
[[nodiscard]] std::string describe_health(std::string_view broker_kind,
                                          const broker::Broker& broker, const hub::Hub& hub);

}  // namespace regstream::gateway
