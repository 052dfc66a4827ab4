#include "cli/served_workflows.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include <regstream/workflow/read_workflow.hpp>

#include "gateway/gateway.hpp"

namespace regstream::cli {
namespace {

constexpr std::string_view built_in = "the built-in registration";

std::string_view next_segment(std::string_view& path) {
  path.remove_prefix(1);  // The slash.
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

/// Whether a path can match both patterns.
bool overlap(std::string_view left, std::string_view right) {
  while (!left.empty() && !right.empty()) {
    const std::string_view one = next_segment(left);
    const std::string_view other = next_segment(right);
    if (one != other && !one.starts_with('{') && !other.starts_with('{')) {
      return false;
    }
  }
  return left.empty() && right.empty();
}

void refuse_own_paths(const Workflow& workflow, const std::string& source,
                      std::span<const std::string_view> own_paths) {
  for (const auto& [member, path] : {std::pair{"paths.stream", workflow.stream_path},
                                     std::pair{"paths.updates", workflow.updates_path}}) {
    for (const std::string_view own : own_paths) {
      if (overlap(path, own)) {
        std::string what = source;
        what.append(": ").append(member).append(": ").append(path);
        what.append(" collides with the gateway's own route ").append(own);
        throw std::invalid_argument(what.append("; give the workflow another path"));
      }
    }
  }
}

/// Tickets are requested with POST, as updates are published.
void refuse_tickets_path(const std::vector<Workflow>& workflows,
                         const std::vector<std::string>& sources,
                         std::span<const std::string_view> own_paths) {
  for (const Workflow& ticketed : workflows) {
    const std::string tickets = gateway::tickets_path(ticketed);
    const auto is_taken = [&tickets](std::string_view path) { return overlap(tickets, path); };
    for (std::size_t index = 0; index < workflows.size(); ++index) {
      if (is_taken(workflows[index].updates_path)) {
        std::string what = sources[index];
        what.append(": paths.updates: ").append(workflows[index].updates_path);
        what.append(" is also ").append(tickets).append(", which gives tickets for a stream");
        throw std::invalid_argument(what.append("; give the workflow another path"));
      }
    }
    if (std::any_of(own_paths.begin(), own_paths.end(), is_taken)) {
      throw std::invalid_argument(
          "the tickets path of the stream " + ticketed.stream_path +
          " collides with a route of the gateway; give the workflow another path");
    }
  }
}

}  // namespace

Workflow read_declared_workflow(const std::string& file) {
  auto read = read_workflow_file(file);
  if (const auto* const problem = std::get_if<WorkflowProblem>(&read)) {
    throw std::invalid_argument(describe(*problem, file));
  }
  return std::move(std::get<Workflow>(read));
}

std::vector<Workflow> read_served_workflows(const std::vector<std::string>& files,
                                            std::span<const std::string_view> own_paths) {
  std::vector<Workflow> workflows{registration_workflow()};
  std::vector<std::string> sources{std::string{built_in}};
  for (const std::string& file : files) {
    Workflow workflow = read_declared_workflow(file);
    if (sources.front() == built_in && workflow.name == registration_workflow().name) {
      workflows.front() = std::move(workflow);
      sources.front() = file;
    } else {
      workflows.push_back(std::move(workflow));
      sources.push_back(file);
    }
  }
  if (const auto conflict = find_conflict(workflows)) {
    throw std::invalid_argument(sources[conflict->second] + ": " + std::string{conflict->member} +
                                " is the same as in " + sources[conflict->first] +
                                "; one gateway can serve both only if they differ");
  }
  for (std::size_t index = 0; index < workflows.size(); ++index) {
    refuse_own_paths(workflows[index], sources[index], own_paths);
  }
  refuse_tickets_path(workflows, sources, own_paths);
  return workflows;
}

}  // namespace regstream::cli
