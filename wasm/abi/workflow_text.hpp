#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include <regstream/workflow/workflow.hpp>

/// How JavaScript, which has read and checked a declaration, tells the core of it: text, as the
/// core has no reader of such files.
namespace regstream::abi {

/// A declaration is a file of at most this.
inline constexpr std::size_t workflow_bytes_max = std::size_t{64} << 10U;

/// It has no more statuses than that, and no more stages.
inline constexpr std::size_t workflow_names_max = 64;

/// A workflow, one fact a line, each line ended by a line feed:
///
///     id integer registrationId        kind (or `text`), member
///     infer 1                          0: a missing stageStatus means completed
///     stage_update NAME                the status of a stage update
///     status open NAME                 kind (or `final`, `failed`), name; in order
///     stage NAME                       in order
///
/// Names have no control characters. Channel, paths and titles are not the stream's. False: a line
/// is none of these, or there are too many, or no id.
[[nodiscard]] bool read_workflow(std::string_view text, Workflow& workflow);

/// Ids of the workflow's kind, one a line, each line ended by a line feed. One that is none is an
/// id that `can_ask` refuses.
[[nodiscard]] std::vector<InstanceId> read_ids(std::string_view text, const Workflow& workflow);

}  // namespace regstream::abi
