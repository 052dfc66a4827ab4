#include "simulation/client_judge.hpp"

#include <variant>

#include "simulation/world.hpp"

namespace regstream::simulation {

void ClientJudge::forget() {
  last_event_id_.clear();
  position_.reset();
  view_id_.reset();
  has_gap_ = has_skipped_ = is_behind_reset_ = false;
}

void ClientJudge::on_attempt(std::string_view cursor) {
  if (cursor != last_event_id_) {
    fail("it resumes after \"" + std::string{cursor} + "\", but the last event's id was \"" +
         last_event_id_ + '"');
  }
  asked_ = cursor;
  due_ = Due::greeting;
}

void ClientJudge::on_message(const StreamMessage& message, std::string_view json,
                             std::string_view last_event_id) {
  last_event_id_ = last_event_id;
  const EventId id = parsed(last_event_id);
  switch (message.type) {
    case StreamMessageType::connected:
      return on_connected(id);
    case StreamMessageType::update:
      return on_update(id, json);
    case StreamMessageType::reset:
      return on_reset(id);
    case StreamMessageType::snapshot:
      return on_snapshot(id, message);
    case StreamMessageType::ping:
      if (due_ == Due::greeting) {
        fail("a ping comes before the greeting");
      }
      return;
    case StreamMessageType::end:  // Nobody asks for one.
    case StreamMessageType::other:
      fail("a message of no known type: " + std::string{json});
  }
}

void ClientJudge::on_skipped(std::string_view last_event_id) {
  if (due_ == Due::greeting || due_ == Due::reset) {
    fail("it skips an event that no limit is below");
  }
  last_event_id_ = last_event_id;
  position_ = parsed(last_event_id);
  due_ = Due::nothing;
  has_gap_ = has_skipped_ = true;
}

void ClientJudge::on_connected(EventId id) {
  if (due_ != Due::greeting) {
    fail("it is greeted twice");
  }
  if (id != EventId{}) {
    if (!asked_.empty() && to_string(id) != asked_) {
      fail("it asked for what comes after " + asked_ + ", and is greeted with " + to_string(id));
    }
    if (asked_.empty()) {
      position_ = id;
    }
    due_ = Due::nothing;
  } else {
    due_ = asked_.empty() ? Due::snapshot : Due::reset;
  }
}

void ClientJudge::on_update(EventId id, std::string_view json) {
  if (due_ != Due::nothing || !position_) {
    fail("the update " + to_string(id) + " comes before what the greeting promised");
  }
  if (id.epoch != position_->epoch) {
    fail("the update " + to_string(id) + " is of another epoch than " + to_string(*position_) +
         ", and no reset came between");
  }
  if (id <= *position_) {
    fail("the update " + to_string(id) + " comes after " + to_string(*position_));
  }
  if (can_judge(id)) {
    const Truth::Epoch& epoch = *truth_.epoch(id.epoch);
    if (id.sequence > epoch.entries.size()) {
      fail("the update " + to_string(id) + " was never published");
    }
    const Truth::Entry& entry = epoch.entry(id.sequence);
    if (json != encode_update_envelope(entry.message)) {
      fail("the update " + to_string(id) + " is not what was published");
    }
    if (registration_id_ && entry.registration_id != *registration_id_) {
      fail("the update " + to_string(id) + " does not concern it");
    }
    if (const auto missed = truth_.between(*position_, id, registration_id_)) {
      fail("the update " + to_string(id) + " comes, and it has missed " + to_string(*missed));
    }
  }
  position_ = id;
  is_behind_reset_ = false;
  ++updates_;
}

void ClientJudge::on_reset(EventId id) {
  if (due_ == Due::greeting || due_ == Due::snapshot) {
    fail("a reset comes where it was promised something else");
  }
  // Before the first greeting's snapshot, or between a reset and its own: it knew no position.
  const bool is_told_again = due_ == Due::reset && asked_ == to_string(EventId{});
  if (!is_told_again && !was_lost(*position_) && !may_be_trimmed(*position_)) {
    fail("a reset comes without a reason: it was at " + to_string(*position_) +
         ", and the history is at " + to_string(truth_.end()));
  }
  ++resets_;
  has_gap_ = is_behind_reset_ = true;
  has_skipped_ = false;  // The next update begins a new view.
  due_ = id == EventId{} ? Due::snapshot : Due::nothing;
  position_ = id;
}

void ClientJudge::on_snapshot(EventId id, const StreamMessage& message) {
  if (due_ != Due::snapshot) {
    fail("a snapshot comes that nothing announced");
  }
  due_ = Due::nothing;
  position_ = id;
  has_gap_ = has_skipped_ = is_behind_reset_ = false;
  if (!registration_id_ || !can_judge(id) || !is_known_whole(id)) {
    return;
  }
  auto decoded = decode_view(message.data);
  const auto* const view = std::get_if<RegistrationView>(&decoded);
  if (view == nullptr || truth_.view_mark(*registration_id_, id) != mark_of(*view)) {
    fail("the snapshot " + to_string(id) + " is not the truth: " + std::string{message.data});
  }
}

void ClientJudge::on_view(const RegistrationView& view) {
  if (view_id_ && view.id && *view.id < *view_id_ && !was_lost(*view_id_)) {
    fail("its view goes back from " + to_string(*view_id_) + " to " + to_string(*view.id));
  }
  check_gap(view);
  if (!view.id) {
    return;
  }
  view_id_ = view.id;
  // A view changes by what was told; so it is behind at most, and whole up to its own id.
  if (!has_skipped_ && can_judge(*view.id) && is_known_whole(*view.id) &&
      truth_.view_mark(*registration_id_, *view.id) != mark_without_gap(view)) {
    fail("its view is not the truth at " + to_string(*view.id) + ": " + encode_view(view));
  }
}

void ClientJudge::check_gap(const RegistrationView& view) const {
  if (view.has_gap != has_gap_) {
    fail((has_gap_ ? "updates may have been missed, and its view does not say so: "
                   : "its view says that updates may have been missed, and none were: ") +
         encode_view(view));
  }
  if (view.has_lost_history != is_behind_reset_) {
    fail((is_behind_reset_ ? "its view is of a history that was lost, and does not say so: "
                           : "its view says that its history was lost, and it was not: ") +
         encode_view(view));
  }
  const bool may_have_id = !view.status.empty() && !is_behind_reset_;
  if (view.id.has_value() != may_have_id) {
    fail("its view has an id before anything is known or behind a reset, or has none elsewhere: " +
         encode_view(view));
  }
}

std::uint64_t ClientJudge::mark_without_gap(RegistrationView view) {
  view.has_gap = false;
  return mark_of(view);
}

void ClientJudge::check_end(const RegistrationView* view, bool is_settled) const {
  const EventId end = truth_.end();
  if (due_ != Due::nothing || !position_) {
    fail("it was never told what the greeting promised");
  }
  if (position_->epoch != end.epoch) {
    fail("it is at " + to_string(*position_) + ", and the history at " + to_string(end));
  }
  const EventId behind{.epoch = end.epoch, .sequence = end.sequence + 1};
  if (const auto missed = truth_.between(*position_, behind, registration_id_)) {
    fail("it is at " + to_string(*position_) + ", and still misses " + to_string(*missed));
  }
  if (view != nullptr) {
    check_gap(*view);
  }
  if (has_skipped_) {
    return;
  }
  const bool has_view = view != nullptr && !view->status.empty() && !is_behind_reset_;
  const std::uint64_t mark = has_view ? mark_without_gap(*view) : 0;
  // A publisher that knows of a lost history may be the last to publish, and nobody can tell again
  // what gateways have forgotten, or what was trimmed at once.
  const bool is_known = is_known_whole(end) || (is_settled && has_view);
  if (registration_id_ && is_known &&
      truth_.view_mark(*registration_id_, end).value_or(0) != mark) {
    fail("its view is not the truth: " + encode_view(*view));
  }
}

void ClientJudge::fail(const std::string& what) const {
  throw Violation(name_ + ": " + what);
}

EventId ClientJudge::parsed(std::string_view id) const {
  const auto parsed = parse_event_id(id);
  if (!parsed) {
    fail("an event's id is no event id: \"" + std::string{id} + '"');
  }
  return *parsed;
}

bool ClientJudge::is_known_whole(EventId id) const {
  const auto& epoch = *truth_.epoch(id.epoch);
  return !gateways_forget_ && !epoch.was_trimmed() && epoch.losses.empty();
}

bool ClientJudge::was_lost(EventId id) const {
  return id.epoch < truth_.end().epoch || !can_judge(id);
}

bool ClientJudge::may_be_trimmed(EventId id) const {
  const auto& epoch = *truth_.epoch(id.epoch);
  return epoch.oldest > id.sequence + 1 ||
         (!epoch.losses.empty() && epoch.losses.back() > id.sequence) ||
         truth_.end().sequence > id.sequence + journal_count_min_;
}

bool ClientJudge::can_judge(EventId id) const {
  const auto* const epoch = truth_.epoch(id.epoch);
  if (epoch == nullptr) {
    fail("the id " + to_string(id) + " is of no epoch that ever was");
  }
  return !epoch->was_rolled_back;
}

}  // namespace regstream::simulation
