#include "simulation/guest_workflow.hpp"

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

namespace regstream::simulation {
namespace {

/// Prefix of an id that is text, with characters that JSON and URLs must escape.
constexpr std::string_view text_opening = "Müller & \"Co\"/2023+11 %#";

constexpr int stages_count = 20;

Workflow make_guest_workflow() {
  Workflow workflow{.name = "import",
                    .id_member = "file",
                    .id_kind = IdKind::text,
                    .statuses = {{"queued", StatusKind::open},
                                 {"läuft", StatusKind::open},
                                 {"imported", StatusKind::final},
                                 {"skipped", StatusKind::final},
                                 {"broken", StatusKind::failed}},
                    .stage_update_status = "läuft",
                    .stages = {},
                    .infer_stage_status = false,
                    .channel = "imports",
                    .stream_path = "/api/imports/stream",
                    .updates_path = "/api/imports/{id}/updates"};
  for (int stage = 1; stage <= stages_count; ++stage) {
    const std::string number = std::to_string(stage);
    workflow.stages.push_back({.name = "step " + number, .title = "Step " + number});
  }
  return workflow;
}

}  // namespace

const Workflow& guest_workflow() {
  static const Workflow workflow = make_guest_workflow();
  return workflow;
}

InstanceId instance_id(const Workflow& workflow, std::int64_t number) {
  if (workflow.id_kind == IdKind::integer) {
    return InstanceId{number};
  }
  return InstanceId{std::string{text_opening} + std::to_string(number)};
}

std::vector<InstanceId> instance_ids(const Workflow& workflow,
                                     const std::vector<std::int64_t>& numbers) {
  std::vector<InstanceId> ids;
  ids.reserve(numbers.size());
  for (const std::int64_t number : numbers) {
    ids.push_back(instance_id(workflow, number));
  }
  return ids;
}

Update update_of(const Workflow& workflow, std::int64_t number) {
  const InstanceId id = instance_id(workflow, number);
  Update update;
  update.registration_id = id.number;
  update.text_id = id.text;
  return update;
}

std::int64_t number_of(const Workflow& workflow, const InstanceId& id) {
  if (workflow.id_kind == IdKind::integer) {
    return id.number;
  }
  std::string_view text = id.text;
  if (!text.starts_with(text_opening)) {
    return 0;
  }
  text.remove_prefix(text_opening.size());
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && rest == text.data() + text.size() ? number : 0;
}

std::int64_t number_in(const Workflow& workflow, const UpdateSlices& update) {
  InstanceId id{update.registration_id};
  id.text = update.text_id.text();
  return number_of(workflow, id);
}

}  // namespace regstream::simulation
