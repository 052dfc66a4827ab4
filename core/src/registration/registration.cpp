#include <regstream/registration/registration.hpp>

#include <utility>

#include <regstream/workflow/registration.hpp>

#include "registration/fold.hpp"

namespace regstream {
namespace {

std::size_t bytes_of(const Update& update) {
  return sizeof(Update) + update.status.size() + update.stage.size() +
         update.stage_status_word.size() + update.message.size() + update.details.size() +
         update.process_log.size() + update.unknown.size() + update.text_id.size();
}

bool starts_stage(const Update& update) {
  return !update.stage.empty() && update.stage_status == StageStatus::started;
}

/// Whether `update` belongs before `other`, which arrived earlier. Both have a time.
bool belongs_before(const Update& update, const Update& other, const Workflow& workflow) {
  if (update.timestamp_ms != other.timestamp_ms) {
    return update.timestamp_ms < other.timestamp_ms;
  }
  const bool starts_what_other_ends =
      update.stage == other.stage && starts_stage(update) && !starts_stage(other);
  return starts_what_other_ends ||
         (ends_validation(other, workflow) && !ends_validation(update, workflow));
}

}  // namespace

Registration::Registration(InstanceId id, const Workflow& workflow, RegistrationLimits limits)
    : workflow_(&workflow), limits_(limits) {
  view_.registration_id = id.number;
  view_.text_id = std::move(id.text);
}

Registration::Registration(std::int64_t registration_id, RegistrationLimits limits)
    : Registration(InstanceId(registration_id), registration_workflow(), limits) {}

bool Registration::is_other(std::int64_t registration_id, std::string_view text_id) const {
  return registration_id != view_.registration_id || text_id != view_.text_id;
}

Applied Registration::apply(const Update& update) {
  if (is_other(update.registration_id, update.text_id)) {
    return Applied::other_registration;
  }
  if (!view_.has_lost_history) {
    return fold_in(update);
  }
  RegistrationView nothing;
  nothing.registration_id = view_.registration_id;
  nothing.text_id = view_.text_id;
  nothing.has_gap = true;
  view_ = std::move(nothing);
  const Applied applied = fold_in(update);
  return applied == Applied::unchanged ? Applied::changed : applied;
}

Applied Registration::fold_in(const Update& update) {
  if (!update.id) {
    return apply_in_order_of_time(update);
  }
  if (view_.id && *update.id <= *view_.id) {
    return Applied::unchanged;
  }
  forget_recent();
  view_.id = update.id;
  return fold(view_, update, *workflow_, limits_);
}

Applied Registration::apply_in_order_of_time(const Update& update) {
  const bool has_time = update.timestamp_ms != 0;
  if (recent_.empty()) {
    // An update without a time can't turn out to be older, so nothing has to be kept.
    if (!has_time || update.timestamp_ms < view_.timestamp_ms) {
      return fold(view_, update, *workflow_, limits_);
    }
    // A moved copy, as for a snapshot: a copy assignment would be more code in the browser.
    before_recent_ = RegistrationView(view_);
  } else if (has_time && update.timestamp_ms < before_recent_.timestamp_ms) {
    fold(before_recent_, update, *workflow_, limits_);
    return fold(view_, update, *workflow_, limits_);
  }

  auto place = recent_.end();
  for (auto other = recent_.end(); has_time && other != recent_.begin();) {
    --other;
    if (other->timestamp_ms == 0) {
      continue;
    }
    if (other->timestamp_ms < update.timestamp_ms) {
      break;
    }
    if (*other == update) {
      return Applied::unchanged;
    }
    if (belongs_before(update, *other, *workflow_)) {
      place = other;
    }
  }

  recent_bytes_ += bytes_of(update);
  const bool is_newest = place == recent_.end();
  recent_.insert(place, update);
  Applied applied = Applied::unchanged;
  if (is_newest) {
    applied = fold(view_, update, *workflow_, limits_);
  } else {
    RegistrationView folded = before_recent_;
    for (const Update& recent : recent_) {
      fold(folded, recent, *workflow_, limits_);
    }
    applied = folded == view_ ? Applied::unchanged : Applied::changed;
    view_ = std::move(folded);
  }
  while (recent_.size() > limits_.recent_updates_max || recent_bytes_ > limits_.recent_bytes_max) {
    fold(before_recent_, recent_.front(), *workflow_, limits_);
    recent_bytes_ -= bytes_of(recent_.front());
    recent_.pop_front();
  }
  return applied;
}

void Registration::forget_recent() {
  recent_.clear();
  recent_bytes_ = 0;
}

Applied Registration::apply_snapshot(RegistrationView snapshot) {
  if (is_other(snapshot.registration_id, snapshot.text_id)) {
    return Applied::other_registration;
  }
  snapshot.has_ended |= snapshot.is_final;
  if (!snapshot.id) {
    snapshot.id = view_.id;
  } else if (view_.id && *snapshot.id < *view_.id && !view_.has_gap) {
    return Applied::unchanged;
  }
  const bool has_room = snapshot.stages.size() <= limits_.stages_max;
  if (!has_room) {
    snapshot.stages.resize(limits_.stages_max);
    snapshot.has_more_stages = true;
  }
  forget_recent();
  const bool is_same = snapshot == view_;
  view_ = std::move(snapshot);
  if (!has_room) {
    return Applied::too_many_stages;
  }
  return is_same ? Applied::unchanged : Applied::changed;
}

Applied Registration::mark_gap(Gap gap) {
  bool changed = !std::exchange(view_.has_gap, true);
  before_recent_.has_gap = true;
  if (gap == Gap::lost_history) {
    forget_recent();
    changed |= !std::exchange(view_.has_lost_history, true);
    view_.id.reset();
  }
  return changed ? Applied::changed : Applied::unchanged;
}

}  // namespace regstream
