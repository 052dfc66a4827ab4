#include "cli/instance_options.hpp"

#include <stdexcept>

#include <CLI/CLI.hpp>

#include <regstream/publisher/update_message.hpp>
#include <regstream/workflow/registration.hpp>

#include "cli/served_workflows.hpp"

namespace regstream::cli {

void add_instance_options(CLI::App& command, InstanceOptions& options) {
  command.add_option("--workflow", options.workflow_file,
                     "FILE that declares the workflow (default: the built-in registration)");
  command.add_option("--id", options.id, "The instance's id, as its workflow has them");
  command
      .add_option("--registration", options.registration_id,
                  "The same where ids are numbers, as a registration's are")
      ->check(CLI::Range(std::int64_t{1}, integer_id_max));
}

Workflow workflow_of(const InstanceOptions& options) {
  return options.workflow_file.empty() ? registration_workflow()
                                       : read_declared_workflow(options.workflow_file);
}

std::optional<InstanceId> instance_of(const InstanceOptions& options, const Workflow& workflow) {
  if (options.registration_id && !options.id.empty()) {
    throw std::invalid_argument("give one of --id and --registration");
  }
  if (options.registration_id) {
    if (workflow.id_kind != IdKind::integer) {
      throw std::invalid_argument("--registration: ids of " + workflow.name +
                                  " are text; give --id");
    }
    return *options.registration_id;
  }
  if (options.id.empty()) {
    return std::nullopt;
  }
  auto id = parse_instance_id(options.id, workflow.id_kind);
  if (!id) {
    throw std::invalid_argument("--id: must be " + std::string{id_expected(workflow)});
  }
  return id;
}

}  // namespace regstream::cli
