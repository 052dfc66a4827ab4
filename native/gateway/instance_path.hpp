#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/workflow/registration.hpp>

#include "net/exchange.hpp"

namespace regstream::gateway {

/// The instance that `{id}` in the request's path names. Nothing if that is not an id of the
/// workflow.
[[nodiscard]] std::optional<InstanceId> instance_of_path(const net::Exchange& exchange,
                                                         const Workflow& workflow);

/// The problem's detail for the latter case.
[[nodiscard]] std::string instance_path_expected(const Workflow& workflow);

}  // namespace regstream::gateway
