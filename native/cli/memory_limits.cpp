#include "cli/memory_limits.hpp"

#include <regstream/broker/publish_limits.hpp>

#include "broker/embedded_limits.hpp"
#include "broker/history/history_follower.hpp"
#include "broker/history_relay.hpp"

namespace regstream::cli {
namespace {

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20U);
}

std::size_t redis_queues() {
  const broker::FollowerLimits follower;
  return broker::PublishLimits{}.waiting_bytes_max + follower.unverified_bytes_max +
         follower.page_bytes_max + follower.adoption.bytes_max;
}

}  // namespace

MemoryLimits memory_limits(const hub::HubOptions& hub, bool with_redis) {
  return {.journal = hub.journal.bytes_max,
          .known = hub.known_registrations.bytes_max,
          .queues = with_redis ? redis_queues() : broker::EmbeddedLimits{}.waiting_bytes_max};
}

std::string describe(const MemoryLimits& limits, const std::vector<Workflow>& workflows,
                     std::size_t loops) {
  const std::size_t count = workflows.size();
  const std::size_t journals = limits.journal * count * loops;
  const std::size_t known = limits.known * count * loops;
  const std::size_t queues =
      (limits.queues + (loops - 1) * broker::HistoryRelay::behind_bytes_max) * count;
  std::string names;
  for (const Workflow& workflow : workflows) {
    names.append(names.empty() ? "" : ", ").append(workflow.name);
  }
  return "at most " + mebibytes(journals + known + queues) +
         " MiB of memory in addition to the streams' own (" + mebibytes(journals) +
         " for histories, " + mebibytes(known) + " for states, " + mebibytes(queues) +
         " for queues)" + (loops == 1 ? "" : " on " + std::to_string(loops) + " threads") +
         " for " + names;
}

}  // namespace regstream::cli
