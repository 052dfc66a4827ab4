#include "simulation/client_judge.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "simulation/guest_workflow.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {
namespace {

constexpr std::string_view end_suffix = "-end";

/// The id of an end counts as the id of its update.
std::string_view without_end(std::string_view id) {
  return id.ends_with(end_suffix) ? id.substr(0, id.size() - end_suffix.size()) : id;
}

/// A final status ends its instance, unless the update starts a stage.
bool is_final_update(const UpdateSlices& update, const Workflow& workflow) {
  const bool starts_stage = !update.stage.empty() && update.stage_status == StageStatus::started;
  return !starts_stage && workflow.is_final(update.status.text());
}

bool contains(const std::vector<std::int64_t>& ids, std::int64_t id) {
  return std::binary_search(ids.begin(), ids.end(), id);
}

}  // namespace

void ClientJudge::begin(const std::vector<std::int64_t>& ids) {
  last_event_id_.clear();
  position_.reset();
  followed_.clear();
  follow(ids);
  for (auto& [id, followed] : followed_) {
    followed.is_new = false;  // Without a cursor every id gets its snapshot anyway.
  }
}

void ClientJudge::follow(const std::vector<std::int64_t>& ids) {
  for (auto followed = followed_.begin(); followed != followed_.end();) {
    followed = contains(ids, followed->first) ? std::next(followed) : followed_.erase(followed);
  }
  for (const std::int64_t id : ids) {
    followed_.try_emplace(id, Followed{.view = {memory_, name_, id}, .is_new = true});
  }
}

void ClientJudge::on_attempt(const StreamRequest& request,
                             const std::vector<std::int64_t>& rights) {
  if (request.cursor != last_event_id_) {
    fail("it resumes after \"" + request.cursor + "\", but the last event's id was \"" +
         last_event_id_ + '"');
  }
  if (request.ids.size() != followed_.size()) {
    fail("it requests " + std::to_string(request.ids.size()) + " ids, but follows " +
         std::to_string(followed_.size()));
  }
  for (auto& [id, followed] : followed_) {
    if (!contains(request.ids, id)) {
      fail("it does not request " + std::to_string(id) + ", which it follows");
    }
    followed.is_asked_for = true;
    const bool is_named = contains(request.snapshots, id);
    if (followed.is_new && !is_named && !request.cursor.empty()) {
      fail("it knows nothing about " + std::to_string(id) + ", but does not request its snapshot");
    }
    if (is_named && !followed.view.is_unknown()) {
      fail("it requests a snapshot of " + std::to_string(id) + ", which it already knows");
    }
  }
  asked_ = request;
  if (asked_.ids.empty()) {
    asked_.ids = rights;
  }
  due_ = Due::greeting;
  end_due_.reset();
  snapshots_delivered_.clear();
  snapshots_due_ = {request.snapshots.begin(), request.snapshots.end()};
  has_hidden_ = false;
}

void ClientJudge::on_message(const SessionMessage& message) {
  if (due_ == Due::end_was_delivered) {
    fail("something comes after the end: " + std::string{message.json});
  }
  last_event_id_ = message.last_event_id;
  const EventId id = parsed(without_end(last_event_id_));
  switch (message.content->type) {
    case StreamMessageType::connected:
      return on_connected(id);
    case StreamMessageType::update:
      return on_update(id, message);
    case StreamMessageType::reset:
      return on_reset(id);
    case StreamMessageType::snapshot:
      return on_snapshot(id, message);
    case StreamMessageType::end:
      return on_end(message);
    case StreamMessageType::ping:
    case StreamMessageType::token_expiring:
      if (due_ == Due::greeting) {
        fail("something comes before `connected`: " + std::string{message.json});
      }
      return;
    case StreamMessageType::other:
      fail("a message of no known type: " + std::string{message.json});
  }
}

void ClientJudge::on_skipped(std::string_view last_event_id) {
  if (due_ == Due::greeting || due_ == Due::reset) {
    fail("it skips an event that no limit is below");
  }
  last_event_id_ = last_event_id;
  position_ = parsed(without_end(last_event_id));
  has_hidden_ |= due_ == Due::snapshots || !snapshots_due_.empty();
  if (asked_.until_final) {
    due_ = Due::perhaps_end;
  } else if (position_ != EventId{}) {
    due_ = Due::anything;
  }
  for (auto& [number, followed] : followed_) {
    followed.view.on_skipped();
    followed.is_new = followed.is_new && !followed.is_asked_for;
  }
}

void ClientJudge::on_connected(EventId id) {
  if (due_ != Due::greeting) {
    fail("it gets `connected` twice");
  }
  const bool has_cursor = !asked_.cursor.empty();
  if (asked_.until_final && asked_.cursor.ends_with(end_suffix)) {
    fail("it has the end, but gets a stream");
  }
  if (id == EventId{}) {
    due_ = has_cursor ? Due::reset : Due::snapshots;
    begun_at_ = truth_.end();
    return;
  }
  if (has_cursor && to_string(id) != without_end(asked_.cursor)) {
    fail("it resumed after " + asked_.cursor + ", and gets `connected` with " + to_string(id));
  }
  due_ = Due::anything;
  position_ = id;
  if (has_cursor && asked_.until_final) {
    expect_end_after(id);
  }
}

void ClientJudge::on_update(EventId id, const SessionMessage& message) {
  if ((due_ != Due::anything && due_ != Due::perhaps_end) || !position_) {
    fail("the update " + to_string(id) + " comes in place of something else");
  }
  if (id.epoch != position_->epoch) {
    fail("the update " + to_string(id) + " has another epoch than " + to_string(*position_) +
         ", and no reset came between");
  }
  if (id <= *position_) {
    fail("the update " + to_string(id) + " comes after " + to_string(*position_));
  }
  const UpdateSlices& update = message.content->update;
  const std::int64_t number = number_in(truth_.workflow(), update);
  if (!asked_.ids.empty() && !contains(asked_.ids, number)) {
    fail("the update " + to_string(id) + " is not for this stream");
  }
  if (truth_.can_judge(id)) {
    check_published(id, message.json);
    check_nothing_missed(id);
  }
  Followed* const followed = find(number);
  const bool is_news = followed_.empty() ||
                       (followed != nullptr && followed->is_asked_for && !followed->view.has(id));
  if (is_news != (message.kind == MessageKind::update)) {
    fail("the update " + to_string(id) +
         (is_news ? " is new, but it is not announced" : " is not new, but it is announced"));
  }
  position_ = id;
  snapshots_due_.clear();
  if (followed != nullptr && is_news) {
    followed->view.on_update(id);
    followed->is_new = false;
  }
  updates_ += is_news ? 1U : 0U;
  const bool is_final = asked_.until_final && is_final_update(update, truth_.workflow());
  due_ = is_final ? Due::end : Due::anything;
  end_due_ = id;
}

void ClientJudge::check_published(EventId id, std::string_view json) const {
  const Truth::Epoch& epoch = *truth_.epoch(id.epoch);
  if (id.sequence > epoch.entries.size()) {
    fail("the update " + to_string(id) + " was never published");
  }
  if (json != encode_update_envelope(epoch.entry(id.sequence).message)) {
    fail("the update " + to_string(id) + " is not what was published");
  }
}

/// Checks the updates before `before` that the stream follows.
void ClientJudge::check_nothing_missed(EventId before) const {
  const auto check = [this, before](EventId after, std::optional<std::int64_t> number) {
    if (const auto missed = truth_.between(after, before, number)) {
      fail("it gets the update " + to_string(before) + ", but has missed " + to_string(*missed));
    }
  };
  if (asked_.ids.empty()) {
    return check(*position_, std::nullopt);
  }
  if (const auto loss = truth_.loss_between(*position_, before)) {
    fail("it gets the update " + to_string(before) + ", but not the reset for the loss at " +
         to_string(*loss));
  }
  for (const std::int64_t number : asked_.ids) {
    const auto delivered = snapshots_delivered_.find(number);
    if (delivered != snapshots_delivered_.end()) {
      check(std::max(*position_, delivered->second), number);
    } else if (!has_hidden_) {
      check(*position_, number);
    }
  }
}

void ClientJudge::on_reset(EventId id) {
  // The snapshots of several ids come one after the other, so a slow reader may fall behind
  // meanwhile.
  if (due_ == Due::greeting || (due_ == Due::snapshots && asked_.ids.size() < 2)) {
    fail("a reset comes in place of something else");
  }
  if (!has_reason_for_reset()) {
    fail("a reset comes without a reason: it was at " + to_string(*position_) +
         ", and the history is at " + to_string(truth_.end()));
  }
  ++resets_;
  for (auto& [number, followed] : followed_) {
    followed.view.on_reset();
  }
  due_ = id == EventId{} ? Due::snapshots : Due::anything;
  begun_at_ = truth_.end();
  end_due_.reset();
  snapshots_due_.clear();
  snapshots_delivered_.clear();
  has_hidden_ = false;
  position_ = id;
}

bool ClientJudge::has_reason_for_reset() const {
  if (due_ == Due::reset && asked_.cursor == to_string(EventId{})) {
    return true;  // The client had read only a part of a reset or its snapshots.
  }
  if (due_ == Due::snapshots) {  // The client has no position yet.
    return truth_.was_lost(begun_at_) || memory_.may_lack_earlier(truth_.end());
  }
  const EventId at = *position_;
  return truth_.was_lost(at) || memory_.may_lack_later(at) ||
         (due_ == Due::reset && asked_.until_final && memory_.may_lack_earlier(at));
}

void ClientJudge::on_snapshot(EventId id, const SessionMessage& message) {
  auto decoded = decode_view(message.content->data, truth_.workflow());
  const auto* const view = std::get_if<RegistrationView>(&decoded);
  const std::int64_t number = view == nullptr ? 0 : number_in(truth_.workflow(), *view);
  if (number == 0 || !view->id || !(asked_.ids.empty() || contains(asked_.ids, number))) {
    fail("a snapshot is not for this stream: " + std::string{message.content->data});
  }
  const bool is_due = due_ == Due::snapshots ? snapshots_delivered_.count(number) == 0
                                             : snapshots_due_.erase(number) != 0;
  if (!is_due) {
    fail("a snapshot comes that was not requested: " + std::string{message.content->data});
  }
  if (due_ != Due::snapshots && to_string(id) != without_end(asked_.cursor)) {
    fail("a requested snapshot moves its cursor from " + asked_.cursor + " to " + to_string(id));
  }
  check_snapshot(number, *view);
  snapshots_delivered_[number] = *view->id;
  Followed* const followed = find(number);
  const bool is_news = followed_.empty() || (followed != nullptr && followed->is_asked_for);
  if (is_news != (message.kind == MessageKind::snapshot)) {
    fail("a snapshot is classified wrongly: " + std::string{message.content->data});
  }
  if (followed != nullptr && is_news) {
    followed->view.on_snapshot(*view->id);
    followed->is_new = false;
  }
  if (id == EventId{}) {
    return;
  }
  position_ = id;
  check_newest(id);
  due_ = Due::anything;
  if (asked_.until_final && view->is_final) {
    due_ = Due::end;
    end_due_.reset();
    if (truth_.can_judge(*view->id) && !memory_.may_lack_earlier(*view->id)) {
      end_due_ = truth_.final_update(number, *view->id);
    }
  }
}

void ClientJudge::on_end(const SessionMessage& message) {
  const std::optional<EventId>& id = message.content->end_id;
  const bool is_due = due_ == Due::end ? !end_due_ || id == end_due_ : due_ == Due::perhaps_end;
  if (!id || !is_due) {
    fail("an end comes without a reason: " + std::string{message.json});
  }
  if (last_event_id_ != to_string(*id).append(end_suffix)) {
    fail("the end of " + to_string(*id) + " has the id " + last_event_id_);
  }
  due_ = Due::end_was_delivered;
  position_ = id;  // A snapshot of a newer state is followed by an older id.
}

void ClientJudge::forget_end() {
  last_event_id_ = without_end(last_event_id_);
}

/// Everything up to `position` was delivered. If the id is final there, an end must follow.
void ClientJudge::expect_end_after(EventId position) {
  if (!truth_.can_judge(position) || memory_.may_lack_earlier(position)) {
    due_ = Due::perhaps_end;
  } else if ((end_due_ = truth_.final_update(asked_.ids.front(), position))) {
    due_ = Due::end;
  }
}

bool ClientJudge::may_stop(ConnectionReason reason) const {
  if (reason == ConnectionReason::finished) {
    return due_ == Due::end_was_delivered;
  }
  return reason == ConnectionReason::told_to_stop && due_ == Due::greeting && asked_.until_final &&
         asked_.cursor.ends_with(end_suffix);
}

void ClientJudge::on_ended() const {
  if (due_ == Due::end) {
    fail("its stream ends in good order, but without the end");
  }
}

void ClientJudge::on_view(const RegistrationView& view) {
  if (Followed* const followed = find(number_in(truth_.workflow(), view))) {
    followed->view.on_view(view);
  }
}

void ClientJudge::check_end(bool is_held_back) const {
  const EventId end = truth_.end();
  const bool is_greeted =
      due_ == Due::anything || due_ == Due::perhaps_end || (is_held_back && due_ == Due::greeting);
  if (!is_greeted || !position_) {
    fail("it never got what `connected` promised");
  }
  if (position_->epoch != end.epoch) {
    fail("it is at " + to_string(*position_) + ", and the history at " + to_string(end));
  }
  check_nothing_missed({.epoch = end.epoch, .sequence = end.sequence + 1});
}

void ClientJudge::check_end(const RegistrationView& view, bool is_settled) const {
  const auto followed = followed_.find(number_in(truth_.workflow(), view));
  if (followed != followed_.end()) {
    followed->second.view.check_end(view, is_settled);
  }
}

ClientJudge::Followed* ClientJudge::find(std::int64_t id) {
  const auto found = followed_.find(id);
  return found == followed_.end() ? nullptr : &found->second;
}

void ClientJudge::fail(const std::string& what) const {
  throw Violation(name_ + ": " + what);
}

EventId ClientJudge::parsed(std::string_view id) const {
  const auto parsed = parse_event_id(id);
  if (!parsed) {
    fail("an event's id is malformed: \"" + std::string{id} + '"');
  }
  return *parsed;
}

}  // namespace regstream::simulation
