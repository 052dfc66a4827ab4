#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <regstream/workflow/workflow.hpp>

#include "hub/hub.hpp"

namespace regstream::cli {

/// Upper limits of a gateway's memory for one workflow, in bytes, without the streams and their
/// outboxes.
struct MemoryLimits {
  std::size_t journal = 0;  ///< The newest part of the history, for streams.
  std::size_t known = 0;    ///< States of instances, for clients that join late.
  std::size_t queues = 0;   ///< Messages that wait to be published, adopted or delivered.
};

[[nodiscard]] MemoryLimits memory_limits(const hub::HubOptions& hub, bool with_redis);

/// One line with their sum over the workflows and over the loops. Each loop has its own histories
/// and states.
[[nodiscard]] std::string describe(const MemoryLimits& limits,
                                   const std::vector<Workflow>& workflows, std::size_t loops);

}  // namespace regstream::cli
