#include "registration/fold.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace regstream {
namespace {

/// Assigns `text`, cut with an ellipsis if it has more than `bytes_max` bytes. Returns true if that
/// changed `to`; equal text costs no allocation.
bool assign_message(std::string& to, std::string_view text, std::size_t bytes_max) {
  std::string_view end;
  if (text.size() > bytes_max) {
    end = "…";
    std::size_t length = bytes_max - end.size();
    // Don't cut a character in two.
    while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
      --length;
    }
    text = text.substr(0, length);
  }
  if (to.size() == text.size() + end.size() && to.starts_with(text) && to.ends_with(end)) {
    return false;
  }
  to.assign(text).append(end);
  return true;
}

/// Assigns, and returns true if that changed `to`. Equal values cost no allocation.
template <typename To, typename From>
bool assign(To& to, const From& from) {
  if (to == from) {
    return false;
  }
  to = from;
  return true;
}

StageView* find_stage(std::vector<StageView>& stages, std::string_view name) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [name](const StageView& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

/// Whether the update is the known start of `stage`, delivered again.
bool repeats_start(const StageView& stage, const Update& update) {
  return update.timestamp_ms != 0 && stage.started_timestamp_ms == update.timestamp_ms;
}

bool starts_validation(const RegistrationView& view, const Update& update,
                       const Workflow& workflow) {
  if (!view.has_ended || update.stage.empty()) {
    return false;
  }
  if (update.stage_status != StageStatus::started) {
    return !ends_validation(update, workflow) && !view.stages.empty() &&
           view.stages.front().name == update.stage && update.timestamp_ms > view.timestamp_ms;
  }
  return std::none_of(view.stages.begin(), view.stages.end(), [&](const StageView& stage) {
    return stage.name == update.stage && repeats_start(stage, update);
  });
}

void add_stage(RegistrationView& view, const Update& update, const RegistrationLimits& limits) {
  StageView& stage = view.stages.emplace_back();
  stage.name = update.stage;
  stage.status = update.stage_status;
  assign_message(stage.message, update.message, limits.message_bytes_max);
  if (update.stage_status == StageStatus::started) {
    stage.started_timestamp_ms = update.timestamp_ms;
  } else {
    stage.ended_timestamp_ms = update.timestamp_ms;
  }
}

bool change_stage(StageView& stage, const Update& update, const RegistrationLimits& limits) {
  bool changed = false;
  if (update.stage_status != StageStatus::started) {
    changed = assign(stage.ended_timestamp_ms, update.timestamp_ms);
  } else if (stage.status != StageStatus::started) {
    if (repeats_start(stage, update)) {
      return false;
    }
    stage.started_timestamp_ms = update.timestamp_ms;
    stage.ended_timestamp_ms = 0;
    changed = true;
  }
  changed |= assign(stage.status, update.stage_status);
  changed |= assign_message(stage.message, update.message, limits.message_bytes_max);
  return changed;
}

Applied fold_stage(RegistrationView& view, const Update& update, const RegistrationLimits& limits) {
  if (StageView* stage = find_stage(view.stages, update.stage)) {
    return change_stage(*stage, update, limits) ? Applied::changed : Applied::unchanged;
  }
  if (view.stages.size() >= limits.stages_max) {
    view.has_more_stages = true;
    return Applied::too_many_stages;
  }
  add_stage(view, update, limits);
  return Applied::changed;
}

bool end_running_stages(RegistrationView& view, const Update& update, const Workflow& workflow) {
  const bool has_failed = workflow.kind_of(update.status) == StatusKind::failed;
  bool changed = false;
  for (StageView& stage : view.stages) {
    if (stage.status == StageStatus::started) {
      stage.status = has_failed ? StageStatus::failed : StageStatus::completed;
      stage.ended_timestamp_ms = update.timestamp_ms;
      changed = true;
    }
  }
  return changed;
}

/// An update that is older than the view changes only what it can't get wrong: a stage's start that
/// was not seen, and an end that is newer than what is known of its stage.
Applied fold_late(RegistrationView& view, const Update& update, const RegistrationLimits& limits) {
  StageView* stage = find_stage(view.stages, update.stage);
  if (stage == nullptr) {
    return Applied::unchanged;
  }
  if (update.stage_status != StageStatus::started) {
    const bool is_newer = update.timestamp_ms >= stage->started_timestamp_ms &&
                          update.timestamp_ms > stage->ended_timestamp_ms;
    return is_newer && change_stage(*stage, update, limits) ? Applied::changed : Applied::unchanged;
  }
  if (stage->started_timestamp_ms != 0 || update.timestamp_ms > stage->ended_timestamp_ms) {
    return Applied::unchanged;
  }
  stage->started_timestamp_ms = update.timestamp_ms;
  return Applied::changed;
}

}  // namespace

bool ends_validation(const Update& update, const Workflow& workflow) {
  const bool starts_stage = !update.stage.empty() && update.stage_status == StageStatus::started;
  return !starts_stage && workflow.is_final(update.status);
}

Applied fold(RegistrationView& view, const Update& update, const Workflow& workflow,
             const RegistrationLimits& limits) {
  if (!update.id && update.timestamp_ms != 0 && update.timestamp_ms < view.timestamp_ms) {
    return fold_late(view, update, limits);
  }
  bool changed = false;
  if (starts_validation(view, update, workflow)) {
    view.stages.clear();
    view.has_more_stages = false;
    view.details.clear();
    view.process_log.clear();
    view.is_final = false;
    view.has_ended = false;
    changed = true;
  }

  const bool is_stage_update = !update.stage.empty();
  const Applied stage = is_stage_update ? fold_stage(view, update, limits) : Applied::changed;
  if (stage == Applied::unchanged && (view.has_ended || update.status == view.status)) {
    return Applied::unchanged;
  }
  changed |= is_stage_update && stage == Applied::changed;

  const bool ends = ends_validation(update, workflow);
  const bool is_late_stage = view.has_ended && is_stage_update && !ends;
  if (!is_late_stage) {
    changed |= assign(view.status, update.status);
    changed |= assign_message(view.message, update.message, limits.message_bytes_max);
    changed |= assign(view.is_final, ends);
    if (is_stage_update) {
      changed |= assign(view.stage, update.stage);
    }
  }
  if (ends) {
    changed |= assign(view.has_ended, true);
    changed |= end_running_stages(view, update, workflow);
  }
  if (!update.details.empty()) {
    changed |= assign(view.details, update.details);
  }
  if (!update.process_log.empty()) {
    changed |= assign(view.process_log, update.process_log);
  }
  changed |= assign(view.timestamp_ms, std::max(view.timestamp_ms, update.timestamp_ms));
  if (stage == Applied::too_many_stages) {
    return Applied::too_many_stages;
  }
  return changed ? Applied::changed : Applied::unchanged;
}

}  // namespace regstream
