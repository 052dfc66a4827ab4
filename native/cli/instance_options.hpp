#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <regstream/workflow/workflow.hpp>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

/// The options by which `publish` and `watch` name one instance of a workflow.
namespace regstream::cli {

struct InstanceOptions {
  std::string workflow_file;
  std::string id;
  std::optional<std::int64_t> registration_id;
};

/// Adds `--workflow`, `--id` and `--registration`.
void add_instance_options(CLI::App& command, InstanceOptions& options);

/// The declared workflow, or the built-in registration. Throws std::invalid_argument as
/// `read_declared_workflow` does.
[[nodiscard]] Workflow workflow_of(const InstanceOptions& options);

/// The instance; nothing if neither option was given. Throws std::invalid_argument with one
/// sentence if both were, or if the workflow has no such id. An id that is text may be personal
/// data, and is not quoted.
[[nodiscard]] std::optional<InstanceId> instance_of(const InstanceOptions& options,
                                                    const Workflow& workflow);

}  // namespace regstream::cli
