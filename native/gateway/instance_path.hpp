#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/workflow/registration.hpp>

#include "net/exchange.hpp"

namespace regstream::gateway {

/// The instance that `{id}` in the route's pattern names; nothing if it is no id of the workflow.
[[nodiscard]] std::optional<InstanceId> instance_of_path(const net::Exchange& exchange,
                                                         const Workflow& workflow);

/// The detail of the problem that answers the latter.
[[nodiscard]] std::string instance_path_expected(const Workflow& workflow);

}  // namespace regstream::gateway
