#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// Where the history's server is, according to a sentinel or a cluster node.
struct ServerLocation {
  std::optional<RedisAddress> primary;  ///< Empty: it knows of none.
  /// The epoch of the change that made it the primary; later changes have greater ones. Empty: not
  /// known.
  std::optional<std::uint64_t> config_epoch;
  std::vector<RedisAddress> others;  ///< Others that can be asked.
};

}  // namespace regstream::broker
