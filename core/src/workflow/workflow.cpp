#include <regstream/workflow/workflow.hpp>

#include <algorithm>

#include "text/utf8.hpp"

namespace regstream {

bool is_text_id(std::string_view text) {
  return !text.empty() && text.size() <= text_id_bytes_max && text != "*" &&
         text::is_valid_utf8(text) && !text::has_control_character(text);
}

StatusKind Workflow::kind_of(std::string_view status) const {
  for (const WorkflowStatus& known : statuses) {
    if (known.name == status) {
      return known.kind;
    }
  }
  return StatusKind::open;
}

bool Workflow::has_stage(std::string_view stage) const {
  return std::any_of(stages.begin(), stages.end(),
                     [stage](const WorkflowStage& known) { return known.name == stage; });
}

}  // namespace regstream
