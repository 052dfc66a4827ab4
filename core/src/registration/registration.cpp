#include <regstream/registration/registration.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace regstream {
namespace {

/// The first `bytes_max` bytes of `text`, less the beginning of a character that does not fit.
std::string_view shorten(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return text;
  }
  std::size_t length = bytes_max;
  while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) {
    --length;
  }
  return text.substr(0, length);
}

StageView* find_stage(std::vector<StageView>& stages, std::string_view name) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [name](const StageView& stage) { return stage.name == name; });
  return found == stages.end() ? nullptr : &*found;
}

/// The start of `stage` that is known already, delivered again.
bool repeats_start(const StageView& stage, const Update& update) {
  return update.timestamp_ms != 0 && stage.started_timestamp_ms == update.timestamp_ms;
}

bool ends_validation(const Update& update) {
  const bool starts_stage = !update.stage.empty() && update.stage_status == StageStatus::started;
  return is_final(parse_status(update.status)) && !starts_stage;
}

}  // namespace

Registration::Registration(std::int64_t registration_id, RegistrationLimits limits)
    : limits_(limits) {
  view_.registration_id = registration_id;
}

Applied Registration::apply(const Update& update) {
  if (update.registration_id != view_.registration_id) {
    return Applied::other_registration;
  }
  const RegistrationView before = view_;

  if (starts_validation(update)) {
    view_.stages.clear();
    view_.details.clear();
    view_.process_log.clear();
    view_.is_final = false;
    has_ended_ = false;
  }

  const StageNews news = update.stage.empty() ? StageNews::some : apply_stage(update);
  if (news == StageNews::none && (has_ended_ || update.status == view_.status)) {
    return Applied::unchanged;
  }
  const bool is_late_stage = has_ended_ && !update.stage.empty() && !ends_validation(update);
  if (!is_late_stage) {
    view_.status = update.status;
    view_.message = shorten(update.message, limits_.message_bytes_max);
    view_.is_final = ends_validation(update);
    if (!update.stage.empty()) {
      view_.stage = update.stage;
    }
  }
  if (ends_validation(update)) {
    has_ended_ = true;
    end_running_stages(update);
  }
  if (!update.details.empty()) {
    view_.details = update.details;
  }
  if (!update.process_log.empty()) {
    view_.process_log = update.process_log;
  }
  view_.timestamp_ms = std::max(view_.timestamp_ms, update.timestamp_ms);

  if (news == StageNews::no_room) {
    return Applied::too_many_stages;
  }
  return view_ == before ? Applied::unchanged : Applied::changed;
}

Applied Registration::apply_snapshot(RegistrationView snapshot) {
  if (snapshot.registration_id != view_.registration_id) {
    return Applied::other_registration;
  }
  const bool has_room = snapshot.stages.size() <= limits_.stages_max;
  if (!has_room) {
    snapshot.stages.resize(limits_.stages_max);
  }
  has_ended_ = snapshot.is_final;
  const bool is_same = snapshot == view_;
  view_ = std::move(snapshot);
  if (!has_room) {
    return Applied::too_many_stages;
  }
  return is_same ? Applied::unchanged : Applied::changed;
}

bool Registration::starts_validation(const Update& update) const {
  if (!has_ended_ || update.stage.empty()) {
    return false;
  }
  if (update.stage_status != StageStatus::started) {
    return !ends_validation(update) && !view_.stages.empty() &&
           view_.stages.front().name == update.stage && update.timestamp_ms > view_.timestamp_ms;
  }
  return std::none_of(view_.stages.begin(), view_.stages.end(), [&](const StageView& stage) {
    return stage.name == update.stage && repeats_start(stage, update);
  });
}

Registration::StageNews Registration::apply_stage(const Update& update) {
  StageView* known = find_stage(view_.stages, update.stage);
  if (known == nullptr && view_.stages.size() >= limits_.stages_max) {
    return StageNews::no_room;
  }

  StageView stage;
  if (known != nullptr) {
    stage = *known;
  }
  stage.name = update.stage;
  stage.status = update.stage_status;
  stage.message = shorten(update.message, limits_.message_bytes_max);
  if (update.stage_status != StageStatus::started) {
    stage.ended_timestamp_ms = update.timestamp_ms;
  } else if (known == nullptr) {
    stage.started_timestamp_ms = update.timestamp_ms;
  } else if (known->status != StageStatus::started) {
    if (repeats_start(*known, update)) {
      return StageNews::none;
    }
    stage.started_timestamp_ms = update.timestamp_ms;
    stage.ended_timestamp_ms = 0;
  }

  if (known == nullptr) {
    view_.stages.push_back(std::move(stage));
    return StageNews::some;
  }
  if (stage == *known) {
    return StageNews::none;
  }
  *known = std::move(stage);
  return StageNews::some;
}

void Registration::end_running_stages(const Update& update) {
  const bool has_failed = parse_status(update.status) == Status::failed;
  for (StageView& stage : view_.stages) {
    if (stage.status == StageStatus::started) {
      stage.status = has_failed ? StageStatus::failed : StageStatus::completed;
      stage.ended_timestamp_ms = update.timestamp_ms;
    }
  }
}

}  // namespace regstream
