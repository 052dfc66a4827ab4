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
  command.add_option("--id", options.id,
                     "Id of one instance of the workflow, such as a registration's id");
  command
      .add_option("--registration", options.registration_id,
                  "The same for workflows whose ids are numbers, such as registration")
      ->check(CLI::Range(std::int64_t{1}, integer_id_max));
}

Workflow workflow_of(const InstanceOptions& options) {
  return options.workflow_file.empty() ? registration_workflow()
                                       : read_declared_workflow(options.workflow_file);
}

std::optional<InstanceId> instance_of(const InstanceOptions& options, const Workflow& workflow) {
  if (options.registration_id && !options.id.empty()) {
    throw std::invalid_argument("give either --id or --registration");
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
