#include "hub/known_registrations.hpp"

#include <optional>
#include <utility>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/sse/parser.hpp>

#include "hub/message_event.hpp"

namespace regstream::hub {

namespace {

std::size_t bytes_of(const Registration& registration) {
  const RegistrationView& view = registration.view();
  std::size_t bytes = registration.recent_bytes() + view.text_id.size() + view.status.size() +
                      view.stage.size() + view.message.size() + view.details.size() +
                      view.process_log.size();
  for (const StageView& stage : view.stages) {
    bytes += stage.name.size() + stage.message.size();
  }
  return bytes;
}

/// The update in a message's frame.
std::optional<Update> read_update(const Frame& frame, const Workflow& workflow) {
  sse::Parser parser;
  parser.feed(frame.bytes());
  const sse::Token token = parser.next();
  const auto* const event = std::get_if<sse::Event>(&token);
  if (event == nullptr) {
    return std::nullopt;
  }
  const auto message = decode_stream_message(event->data, workflow);
  const auto* const read = std::get_if<StreamMessage>(&message);
  return read == nullptr ? std::nullopt : std::optional{to_update(read->update)};
}

}  // namespace

void KnownRegistrations::recall(std::int64_t registration_id, const Journal& journal) {
  if (registration_id == every_registration || by_id_.contains(registration_id)) {
    return;
  }
  const EventId oldest = journal.resumable_from();
  for (std::uint64_t sequence = journal.first_after(oldest.sequence, registration_id);
       sequence != 0; sequence = journal.next_of(sequence, registration_id)) {
    if (auto update = read_update(*journal.frame(sequence), *workflow_)) {
      update->id = EventId{.epoch = oldest.epoch, .sequence = sequence};
      apply(registration_id, *update);
    }
  }
}

StandingChange KnownRegistrations::apply(std::int64_t number, const Update& update) {
  StandingChange change{.before = standing(number)};
  if (const auto known = by_id_.find(number); known != by_id_.end()) {
    entries_.splice(entries_.begin(), entries_, known->second);
  } else {
    InstanceId instance(update.registration_id);
    instance.text = update.text_id;
    entries_.push_front(Entry{number, Registration(std::move(instance), *workflow_), nullptr, 0});
    by_id_.emplace(number, entries_.begin());
  }
  Entry& entry = entries_.front();
  entry.registration.apply(update);
  entry.snapshot.reset();
  if (!entry.registration.view().is_final) {
    change.after = Standing::open;
    entry.final_update.reset();
  } else {
    change.after = Standing::final;
    change.is_final_update = ends_validation(update, *workflow_);
    if (change.is_final_update) {
      entry.final_update = update.id;
    }
  }
  count_front();
  return change;
}

void KnownRegistrations::clear() {
  by_id_.clear();
  entries_.clear();
  bytes_ = 0;
}

const RegistrationView* KnownRegistrations::find(std::int64_t registration_id) const {
  const auto known = by_id_.find(registration_id);
  return known == by_id_.end() ? nullptr : &known->second->registration.view();
}

Standing KnownRegistrations::standing(std::int64_t registration_id) const {
  const RegistrationView* const view = find(registration_id);
  if (view == nullptr) {
    return Standing::unknown;
  }
  return view->is_final ? Standing::final : Standing::open;
}

std::optional<EventId> KnownRegistrations::final_update(std::int64_t registration_id) const {
  const auto known = by_id_.find(registration_id);
  return known == by_id_.end() ? std::nullopt : known->second->final_update;
}

FramePtr KnownRegistrations::snapshot(std::int64_t registration_id, std::int64_t now_timestamp_ms) {
  const auto known = by_id_.find(registration_id);
  if (known == by_id_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, known->second);
  Entry& entry = entries_.front();
  if (!entry.snapshot) {
    std::string bytes;
    append_message(bytes, encode_snapshot(entry.registration.view(), *workflow_, now_timestamp_ms));
    entry.snapshot = make_continuation(std::move(bytes));
    count_front();
  }
  return entry.snapshot;
}

// The front entry has changed: updates its size, and forgets the entries for which there is no more
// room.
void KnownRegistrations::count_front() {
  Entry& front = entries_.front();
  bytes_ -= front.bytes;
  front.bytes =
      bytes_of(front.registration) + (front.snapshot ? front.snapshot->bytes().size() : 0);
  bytes_ += front.bytes;

  while (by_id_.size() > 1 && (by_id_.size() > limits_.count_max || bytes_ > limits_.bytes_max)) {
    bytes_ -= entries_.back().bytes;
    by_id_.erase(entries_.back().number);
    entries_.pop_back();
  }
}

}  // namespace regstream::hub
