#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

#include "hub/hub.hpp"

namespace regstream::cli {

/// What a gateway may hold in memory for one workflow, in bytes; streams come on top, each with its
/// outbox.
struct MemoryLimits {
  std::size_t journal = 0;  ///< The history's newest part, for streams.
  std::size_t known = 0;    ///< States of instances, for who joins late.
  std::size_t queues = 0;   ///< What waits to be published, adopted or told.
};

[[nodiscard]] MemoryLimits memory_limits(const hub::HubOptions& hub, bool with_redis);

/// One line: their sum over the workflows, and over the loops, each of which has its own histories
/// and states.
[[nodiscard]] std::string describe(const MemoryLimits& limits,
                                   const std::vector<Workflow>& workflows, std::size_t loops);

}  // namespace regstream::cli
