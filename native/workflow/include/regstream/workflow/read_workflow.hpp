#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/workflow/workflow.hpp>

/// Reads a declaration of a workflow (docs/workflows.md), strictly: an unknown, missing or repeated
/// member is a mistake. The readers in C++ and TypeScript give the same result, in the same words
/// (tests/vectors/workflows).
namespace regstream {

inline constexpr std::size_t declaration_bytes_max = 64U << 10U;

/// The first mistake in a declaration.
struct WorkflowProblem {
  std::size_t line = 0;  ///< 1 is the first; 0: the file can't be read.
  std::string member;    ///< Such as "statuses[1].kind"; empty: the whole text.
  std::string what;      ///< A sentence without its subject and its full stop: "is missing".
};

/// `FILE:LINE: MEMBER: WHAT` in one line, safe on a terminal and in a log.
[[nodiscard]] std::string describe(const WorkflowProblem& problem, std::string_view file);

[[nodiscard]] std::variant<Workflow, WorkflowProblem> read_workflow(std::string_view text);
[[nodiscard]] std::variant<Workflow, WorkflowProblem> read_workflow_file(const std::string& path);

/// Two workflows that one gateway can't serve.
struct WorkflowConflict {
  std::size_t first = 0;    ///< Indices into the given list.
  std::size_t second = 0;   ///< Greater than `first`.
  std::string_view member;  ///< Of the second: "name", "channel", "paths.stream", "paths.updates".

  friend bool operator==(const WorkflowConflict&, const WorkflowConflict&) = default;
};

/// Finds the first workflow that has the name, the channel or a path of a workflow before it.
[[nodiscard]] std::optional<WorkflowConflict> find_conflict(std::span<const Workflow> workflows);

}  // namespace regstream
