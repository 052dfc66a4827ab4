#pragma once

#include <regstream/workflow/registration_status.hpp>
#include <regstream/workflow/workflow.hpp>

/// The built-in workflow, made from workflows/registration.json when the library is built: its
/// statuses as names of C++, and all of it at run time.
namespace regstream {

[[nodiscard]] const Workflow& registration_workflow();

}  // namespace regstream
