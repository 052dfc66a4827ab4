#include "cli/memory_limits.hpp"

#include <regstream/broker/publish_limits.hpp>

#include "broker/embedded_limits.hpp"
#include "broker/history/history_follower.hpp"

namespace regstream::cli {
namespace {

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20U);
}

std::size_t redis_queues() {
  const broker::FollowerLimits follower;
  return broker::PublishLimits{}.waiting_bytes_max + follower.claims_bytes_max +
         follower.page_bytes_max + follower.adoption.bytes_max;
}

}  // namespace

MemoryLimits memory_limits(const hub::HubOptions& hub, bool with_redis) {
  return {.journal = hub.journal.bytes_max,
          .known = hub.known_registrations.bytes_max,
          .queues = with_redis ? redis_queues() : broker::EmbeddedLimits{}.waiting_bytes_max};
}

std::string describe(const MemoryLimits& limits, const std::vector<Workflow>& workflows) {
  const std::size_t count = workflows.size();
  std::string names;
  for (const Workflow& workflow : workflows) {
    names.append(names.empty() ? "" : ", ").append(workflow.name);
  }
  return "at most " + mebibytes(limits.total() * count) +
         " MiB of memory beside the streams' own (" + mebibytes(limits.journal * count) +
         " for histories, " + mebibytes(limits.known * count) + " for states, " +
         mebibytes(limits.queues * count) + " for queues) for " + names;
}

}  // namespace regstream::cli
