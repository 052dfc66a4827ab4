#pragma once

#include <cstdint>
#include <optional>

#include "net/exchange.hpp"

namespace regstream::gateway {

/// The registration that `{id}` in the route's pattern names; nothing if it is no registration's
/// id.
[[nodiscard]] std::optional<std::int64_t> registration_of_path(const net::Exchange& exchange);

/// The detail of the problem that answers the latter.
inline constexpr const char* registration_path_expected =
    "The registration id in the path must be a number from 1 to 9007199254740991.";

}  // namespace regstream::gateway
