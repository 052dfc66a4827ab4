#include <regstream/workflow/workflow.hpp>

#include <algorithm>

#include "text/utf8.hpp"

namespace regstream {
namespace {

/// Whether well-formed UTF-8 has one of Unicode's control characters: U+0000 to U+001F, U+007F to
/// U+009F.
bool has_control_character(std::string_view text) {
  for (std::size_t index = 0; index < text.size(); ++index) {
    const auto byte = static_cast<unsigned char>(text[index]);
    const bool is_c1 = byte == 0xC2 && index + 1 < text.size() &&
                       static_cast<unsigned char>(text[index + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || is_c1) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_text_id(std::string_view text) {
  return !text.empty() && text.size() <= text_id_bytes_max && text != "*" &&
         text::is_valid_utf8(text) && !has_control_character(text);
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
