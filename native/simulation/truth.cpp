#include "simulation/truth.hpp"

#include <algorithm>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>

#include "simulation/guest_workflow.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {
namespace {

/// A final status ends the registration, unless the update starts a stage.
bool ends_instance(const Update& update, const Workflow& workflow) {
  const bool starts_stage = !update.stage.empty() && update.stage_status == StageStatus::started;
  return workflow.is_final(update.status) && !starts_stage;
}

}  // namespace

std::uint64_t mark_of(const RegistrationView& view, const Workflow& workflow) {
  Trace trace(0);
  trace.note({}, encode_view(view, workflow));
  return trace.hash();
}

void Truth::begin(std::uint64_t epoch) {
  const bool is_newest = epochs_.empty() || epoch > epochs_.rbegin()->first;
  if (may_fork_ ? epochs_.count(epoch) != 0 : !is_newest) {
    throw Violation("the epoch " + std::to_string(epoch) + " is not newer than the one before, " +
                    std::to_string(epochs_.rbegin()->first));
  }
  epochs_[epoch];
  ++resets_required_;
  if (epoch >= end_.epoch) {
    end_ = {.epoch = epoch, .sequence = 0};
  }
}

/// The epoch whose next id is `id`.
Truth::Epoch& Truth::extend(EventId id) {
  const auto found = epochs_.find(id.epoch);
  if (found == epochs_.end() || id.sequence != found->second.entries.size() + 1) {
    throw Violation("the entry " + to_string(id) + " does not follow on the one before");
  }
  Epoch& epoch = found->second;
  if (id.sequence <= epoch.given || (id.epoch < epochs_.rbegin()->first && !may_fork_)) {
    has_gone_back_ = true;
    if (!may_go_back_) {
      throw Violation("the id " + to_string(id) + " is given a second time, or after newer ones");
    }
  }
  epoch.given = std::max(epoch.given, id.sequence);
  if (!may_fork_ || id.epoch >= end_.epoch) {
    end_ = id;
  }
  return epoch;
}

void Truth::record_loss(EventId id) {
  Epoch& epoch = extend(id);
  epoch.entries.emplace_back();
  epoch.losses.push_back(id.sequence);
  ++resets_required_;
}

void Truth::append(EventId id, const std::string& text, const std::string& message, bool is_adopted,
                   Instant now) {
  Epoch& epoch = extend(id);
  check_forged(epoch, id, text);
  if (epoch.messages.count(text) != 0 && !epoch.was_rolled_back) {
    throw Violation("a message of the history was adopted as a bare one, as " + to_string(id) +
                    ": " + text);
  }
  epoch.messages.insert(message);
  auto& sequences = epoch.origins[text];
  const bool is_forgotten = is_adopted && trimmed_.count(text) != 0;
  if (sequences.size() >= times_sent(text) && !is_forgotten && !(is_adopted && has_gone_back_)) {
    throw Violation("this message entered the history once more than it may, as " + to_string(id) +
                    ": " + text);
  }
  sequences.push_back(id.sequence);
  if (!is_adopted) {
    check_order(epoch, id, text);
  }
  ++entered_[text];
  Entry entry{.text = text, .message = message, .entered = now};
  const auto update = decode_update(message, workflow_);
  if (const auto* const read = std::get_if<Update>(&update)) {
    entry.registration_id = number_in(workflow_, *read);
    epoch.stories[entry.registration_id].sequences.push_back(id.sequence);
  }
  epoch.entries.push_back(std::move(entry));
}

/// After a history was lost, a line to Redis may still bring a message that its sender has repeated
/// since.
void Truth::check_order(Epoch& epoch, EventId id, const std::string& text) const {
  const auto sent = senders_.find(text);
  if (sent == senders_.end() || epochs_.size() > 1 || epoch.was_rolled_back) {
    return;
  }
  auto& newest = epoch.newest_of[sent->second.sender];
  if (sent->second.number < newest) {
    throw Violation("a publisher's messages enter out of order, at " + to_string(id) + ": " + text);
  }
  newest = sent->second.number;
}

void Truth::check_forged(const Epoch& epoch, EventId id, const std::string& text) const {
  const auto found = forged_.find(text);
  if (found == forged_.end() || found->second.forgery == Forgery::unknown_id) {
    return;
  }
  const auto& [forgery, forged_in] = found->second;
  if (forgery == Forgery::no_message || (forged_in == id.epoch && !epoch.was_rolled_back)) {
    throw Violation("this was forged, but entered the history as " + to_string(id) + ": " + text);
  }
}

void Truth::roll_back(EventId end, bool may_go_back) {
  end_ = end;
  may_go_back_ |= may_go_back;
  for (auto epoch = epochs_.lower_bound(end.epoch); epoch != epochs_.end(); ++epoch) {
    epoch->second.was_rolled_back = true;
  }
  const auto found = epochs_.find(end.epoch);
  if (found == epochs_.end()) {
    return;
  }
  Epoch& epoch = found->second;
  epoch.entries.resize(
      static_cast<std::size_t>(std::min<std::uint64_t>(end.sequence, epoch.entries.size())));
  while (!epoch.losses.empty() && epoch.losses.back() > end.sequence) {
    epoch.losses.pop_back();
  }
  for (auto& [registration_id, story] : epoch.stories) {
    while (!story.sequences.empty() && story.sequences.back() > end.sequence) {
      story.sequences.pop_back();
    }
    story.folded.reset();
    story.states.clear();
  }
  for (auto origin = epoch.origins.begin(); origin != epoch.origins.end();) {
    auto& sequences = origin->second;
    while (!sequences.empty() && sequences.back() > end.sequence) {
      sequences.pop_back();
    }
    origin = sequences.empty() ? epoch.origins.erase(origin) : std::next(origin);
  }
}

void Truth::trim(EventId oldest) {
  Epoch& epoch = epochs_.at(oldest.epoch);
  for (; epoch.oldest < oldest.sequence; ++epoch.oldest) {
    trimmed_.insert(epoch.entries[static_cast<std::size_t>(epoch.oldest - 1)].text);
  }
}

bool Truth::is_kept(const std::string& text) const {
  const Epoch* const newest = epoch(end_.epoch);
  return trimmed_.count(text) != 0 || (newest != nullptr && newest->origins.count(text) != 0);
}

const Truth::Epoch* Truth::epoch(std::uint64_t epoch) const {
  const auto found = epochs_.find(epoch);
  return found == epochs_.end() ? nullptr : &found->second;
}

bool Truth::can_judge(EventId id) const {
  const Epoch* const found = epoch(id.epoch);
  if (found == nullptr) {
    throw Violation("the id " + to_string(id) + " has an epoch that never existed");
  }
  return !found->was_rolled_back;
}

std::optional<EventId> Truth::between(EventId after, EventId before,
                                      std::optional<std::int64_t> registration_id) const {
  const Epoch* const found = epoch(after.epoch);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const auto loss = loss_between(after, before)) {
    return loss;
  }
  if (registration_id) {
    const auto story = found->stories.find(*registration_id);
    if (story == found->stories.end()) {
      return std::nullopt;
    }
    const auto& sequences = story->second.sequences;
    const auto next = std::upper_bound(sequences.begin(), sequences.end(), after.sequence);
    if (next == sequences.end() || *next >= before.sequence) {
      return std::nullopt;
    }
    return EventId{.epoch = after.epoch, .sequence = *next};
  }
  for (std::uint64_t sequence = after.sequence + 1;
       sequence < before.sequence && sequence <= found->entries.size(); ++sequence) {
    if (found->entry(sequence).registration_id != 0) {
      return EventId{.epoch = after.epoch, .sequence = sequence};
    }
  }
  return std::nullopt;
}

std::optional<EventId> Truth::loss_between(EventId after, EventId before) const {
  const Epoch* const found = epoch(after.epoch);
  if (found == nullptr) {
    return std::nullopt;
  }
  const auto loss = std::upper_bound(found->losses.begin(), found->losses.end(), after.sequence);
  if (loss == found->losses.end() || *loss >= before.sequence) {
    return std::nullopt;
  }
  return EventId{.epoch = after.epoch, .sequence = *loss};
}

std::optional<Truth::State> Truth::state(std::int64_t registration_id, EventId position) const {
  const auto found = epochs_.find(position.epoch);
  if (found == epochs_.end()) {
    return std::nullopt;
  }
  const auto known = found->second.stories.find(registration_id);
  if (known == found->second.stories.end()) {
    return std::nullopt;
  }
  Story& story = known->second;
  const auto count = static_cast<std::size_t>(
      std::upper_bound(story.sequences.begin(), story.sequences.end(), position.sequence) -
      story.sequences.begin());
  if (count == 0) {
    return std::nullopt;
  }
  if (!story.folded) {
    story.folded.emplace(instance_id(workflow_, registration_id), workflow_);
  }
  while (story.states.size() < count) {
    const std::uint64_t sequence = story.sequences[story.states.size()];
    const auto decoded = decode_update(found->second.entry(sequence).message, workflow_);
    const auto& update = std::get<Update>(decoded);
    story.folded->apply(update);
    const RegistrationView& view = story.folded->view();
    State state{.mark = mark_of(view, workflow_)};
    if (view.is_final) {
      state.final_update =
          ends_instance(update, workflow_) ? sequence : story.states.back().final_update;
    }
    story.states.push_back(state);
  }
  return story.states[count - 1];
}

}  // namespace regstream::simulation
