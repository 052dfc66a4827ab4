#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// What a sentinel, or a cluster's node, tells of where the history's server is.
struct ServerLocation {
  std::optional<RedisAddress> primary;  ///< Empty: it knows of none.
  /// Of the change by which it became the primary, greater for later ones. Empty: not told.
  std::optional<std::uint64_t> config_epoch;
  std::vector<RedisAddress> others;  ///< Who may be asked as well.
};

}  // namespace regstream::broker
