#include <regstream/workflow/workflow.hpp>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <tuple>

#include "text/utf8.hpp"

namespace regstream {

bool is_text_id(std::string_view text) {
  return !text.empty() && text.size() <= text_id_bytes_max && text != "*" &&
         text::is_valid_utf8(text) && !text::has_control_character(text);
}

std::optional<InstanceId> parse_instance_id(std::string_view text, IdKind kind) {
  if (kind == IdKind::text) {
    return is_text_id(text) ? std::optional{InstanceId{std::string{text}}} : std::nullopt;
  }
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < 1 || number > integer_id_max) {
    return std::nullopt;
  }
  return InstanceId{number};
}

std::string_view expected_instance_id(IdKind kind) {
  static_assert(text_id_bytes_max == 128 && integer_id_max == 9'007'199'254'740'991);
  return kind == IdKind::text ? "1 to 128 bytes of UTF-8 without control characters, and not *"
                              : "a number from 1 to 9007199254740991";
}

bool is_before(const InstanceId& left, const InstanceId& right) {
  return std::tie(left.number, left.text) < std::tie(right.number, right.text);
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
