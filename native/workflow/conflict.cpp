#include <regstream/workflow/read_workflow.hpp>

namespace regstream {
namespace {

/// The member of the second workflow that collides with the first. A stream's path never collides
/// with an updates path, because only the latter has a segment {id}.
std::string_view shared_member(const Workflow& first, const Workflow& second) {
  if (first.name == second.name) {
    return "name";
  }
  if (first.channel == second.channel) {
    return "channel";
  }
  if (first.stream_path == second.stream_path) {
    return "paths.stream";
  }
  return first.updates_path == second.updates_path ? "paths.updates" : "";
}

}  // namespace

std::optional<WorkflowConflict> find_conflict(std::span<const Workflow> workflows) {
  for (std::size_t second = 1; second < workflows.size(); ++second) {
    for (std::size_t first = 0; first < second; ++first) {
      const std::string_view member = shared_member(workflows[first], workflows[second]);
      if (!member.empty()) {
        return WorkflowConflict{.first = first, .second = second, .member = member};
      }
    }
  }
  return std::nullopt;
}

}  // namespace regstream
