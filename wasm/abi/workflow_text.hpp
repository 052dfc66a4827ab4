#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <regstream/workflow/workflow.hpp>

/// The form in which JavaScript, which has read and checked a declaration, passes it to the core:
/// text, since the core has no reader for such files.
namespace regstream::abi {

/// The largest declaration file.
inline constexpr std::size_t workflow_bytes_max = std::size_t{64} << 10U;

/// The most statuses of a declaration, and the most stages.
inline constexpr std::size_t workflow_names_max = 64;

/// A workflow, one fact a line, each line ended by a line feed:
///
///     id integer registrationId        kind (or `text`), member
///     infer 1                          0: a missing stageStatus means completed
///     stage_update NAME                the status of a stage update
///     status open NAME                 kind (or `final`, `failed`), name; in order
///     stage NAME                       in order
///
/// Names have no control characters. The stream needs no channel, paths and titles. Returns false
/// if a line has another form, or there are too many, or there is no id.
[[nodiscard]] bool read_workflow(std::string_view text, Workflow& workflow);

/// Reads ids of the workflow's kind, one a line, each line ended by a line feed. A malformed id
/// becomes an id that `can_ask` refuses.
[[nodiscard]] std::vector<InstanceId> read_ids(std::string_view text, const Workflow& workflow);

}  // namespace regstream::abi
