#include <regstream/session/stream_session.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <variant>

#include <regstream/workflow/registration.hpp>

#include "message/json_writer.hpp"

namespace regstream {
namespace {

MessageKind kind_of(StreamMessageType type) {
  switch (type) {
    case StreamMessageType::connected:
      return MessageKind::connected;
    case StreamMessageType::update:
      return MessageKind::update;
    case StreamMessageType::snapshot:
      return MessageKind::snapshot;
    case StreamMessageType::reset:
      return MessageKind::reset;
    case StreamMessageType::end:
      return MessageKind::end;
    case StreamMessageType::ping:
      return MessageKind::ping;
    case StreamMessageType::token_expiring:
      return MessageKind::token_expiring;
    case StreamMessageType::other:
      break;
  }
  return MessageKind::other;
}

std::string in_words(std::size_t bytes) {
  constexpr std::size_t mebibyte = std::size_t{1} << 20U;
  const bool is_whole = bytes % mebibyte == 0;
  std::string words;
  json::append_integer(words, static_cast<std::int64_t>(is_whole ? bytes / mebibyte : bytes));
  return words.append(is_whole ? " MiB" : " bytes");
}

bool is_of(const RegistrationView& view, std::int64_t number, std::string_view text) {
  return view.registration_id == number && view.text_id == text;
}

InstanceId id_of(const RegistrationView& view) {
  InstanceId id(view.registration_id);
  id.text = view.text_id;
  return id;
}

}  // namespace

StreamSession::StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                             const Workflow& workflow, std::span<const InstanceId> ids,
                             std::string_view last_event_id, sse::ParserLimits limits,
                             StreamEnd end)
    : EventSession(options, seed, last_event_id, limits), workflow_(&workflow), end_(end) {
  for (const InstanceId& id : ids) {
    if (find(id.number, id.text) == nullptr) {
      followed_.push_back(std::make_unique<Followed>(id, workflow));
    }
  }
}

StreamSession::StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                             std::span<const std::int64_t> registration_ids,
                             std::string_view last_event_id, sse::ParserLimits limits)
    : StreamSession(options, seed, registration_workflow(),
                    std::vector<InstanceId>(registration_ids.begin(), registration_ids.end()),
                    last_event_id, limits) {}

bool StreamSession::restore(RegistrationView view) {
  Followed* const followed = find(view.registration_id, view.text_id);
  if (followed == nullptr) {
    return false;
  }
  if (!view.status.empty()) {
    followed->registration.apply_snapshot(std::move(view));
  } else if (view.has_gap) {  // The gap is all that was known.
    followed->registration.mark_gap(view.has_lost_history ? Gap::lost_history
                                                          : Gap::missed_message);
    followed->has_changed = true;
  }
  return true;
}

bool StreamSession::follow(std::span<const InstanceId> ids, Instant now) {
  if (followed_.empty() || ids.empty() || !can_ask(ids, *workflow_, end_)) {
    return false;
  }
  std::vector<std::unique_ptr<Followed>> before;
  before.swap(followed_);
  std::size_t kept = 0;
  for (const InstanceId& id : ids) {
    if (find(id.number, id.text) != nullptr) {
      continue;
    }
    for (std::unique_ptr<Followed>& known : before) {
      if (known != nullptr && is_of(known->registration.view(), id.number, id.text)) {
        followed_.push_back(std::move(known));
        ++kept;
        break;
      }
    }
    if (find(id.number, id.text) == nullptr) {
      followed_.push_back(std::make_unique<Followed>(id, *workflow_, opened_attempt()));
    }
  }
  if (kept != before.size() || kept != followed_.size()) {
    change(now);
  }
  return true;
}

std::string StreamSession::request_query(TransportKind kind) const {
  std::string query;
  for (const auto& followed : followed_) {
    append_id_parameter(query, workflow_->id_member, id_of(followed->registration.view()));
  }
  for (const auto& followed : followed_) {
    if (followed->awaits_snapshot && !last_event_id().empty()) {
      append_id_parameter(query, "snapshot", id_of(followed->registration.view()));
    }
  }
  if (end_ == StreamEnd::final_status) {
    append_parameter(query, "until", "final");
  }
  if (kind == TransportKind::polling) {
    append_parameter(query, "poll", "1");
  }
  return query;
}

/// Marks a gap if an exception interrupts reading a message: the session may have lost an update,
/// and the id to resume from is already past it.
struct StreamSession::GapUnlessRead {
  StreamSession& session;
  bool is_read = false;

  ~GapUnlessRead() {
    if (!is_read) {
      SessionMessage unread;
      session.mark_gap(unread, Gap::missed_message);
    }
  }
};

std::optional<SessionMessage> StreamSession::poll_message() {
  while (true) {
    const sse::Token token = poll_token();
    if (const auto* const event = std::get_if<sse::Event>(&token)) {
      if (event->type == "message") {
        GapUnlessRead gap_unless_read{*this};
        const SessionMessage message = read(*event);
        gap_unless_read.is_read = true;
        return message;
      }
    } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
      SessionMessage message{.last_event_id = skipped->last_event_id};
      reject(message, MessageKind::too_large, describe(*skipped));
      return message;
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      return std::nullopt;
    }
  }
}

SessionMessage StreamSession::read(const sse::Event& event) {
  SessionMessage message{.last_event_id = event.last_event_id};
  const std::size_t bytes_max = CodecLimits{}.stream_message_bytes_max;
  if (event.data.size() > bytes_max) {
    reject(message, MessageKind::too_large,
           "A message was skipped: it is larger than " + in_words(bytes_max));
    return message;
  }
  message.json = event.data;
  if (const auto error = decode_stream_message(event.data, *workflow_, content_)) {
    reject(message, MessageKind::malformed, error->what);
    return message;
  }
  message.content = &content_;
  message.kind = kind_of(content_.type);
  if (message.kind == MessageKind::update) {
    apply_update(message, content_.update);
  } else if (message.kind == MessageKind::snapshot) {
    apply_snapshot(message, content_.data);
  } else if (message.kind == MessageKind::reset) {
    mark_gap(message, Gap::lost_history);
  } else if (message.kind == MessageKind::token_expiring) {
    renew(content_.expires_in);
  } else if (message.kind == MessageKind::ping && content_.timestamp_ms) {
    ping(*content_.timestamp_ms);
  } else if (message.kind == MessageKind::end) {
    if (end_ == StreamEnd::final_status) {
      finish();
    } else {
      message.kind = MessageKind::other;
    }
  }
  return message;
}

void StreamSession::apply_update(SessionMessage& message, const UpdateSlices& update) {
  const JsonString& text = update.text_id;
  Followed* const followed = text.has_escapes ? find_requested(update.registration_id, text.text())
                                              : find_requested(update.registration_id, text.raw);
  if (followed != nullptr) {
    const auto& known = followed->registration.view().id;
    if (known && update.id && *update.id <= *known) {
      message.kind = MessageKind::other;
      return;
    }
    followed->awaits_snapshot = false;
    message.view_changed = followed->registration.apply(to_update(update)) != Applied::unchanged;
    followed->has_changed |= message.view_changed;
  } else if (!followed_.empty()) {
    message.kind = MessageKind::other;
  }
}

void StreamSession::apply_snapshot(SessionMessage& message, std::string_view json) {
  auto decoded = decode_view(json, *workflow_);
  if (auto* const error = std::get_if<DecodeError>(&decoded)) {
    reject(message, MessageKind::malformed, error->what);
    return;
  }
  auto& view = *std::get_if<RegistrationView>(&decoded);
  if (Followed* const followed = find_requested(view.registration_id, view.text_id)) {
    if (view.status.empty()) {
      return reject(message, MessageKind::malformed, "the snapshot has no status");
    }
    view.has_lost_history = false;
    followed->awaits_snapshot = false;
    message.view_changed =
        followed->registration.apply_snapshot(std::move(view)) != Applied::unchanged;
    followed->has_changed |= message.view_changed;
  } else if (!followed_.empty()) {
    message.kind = MessageKind::other;
  }
}

void StreamSession::reject(SessionMessage& message, MessageKind kind, std::string_view problem) {
  problem_ = problem;
  message.kind = kind;
  message.problem = problem_;
  message.content = nullptr;
  // It may have been a snapshot that the request asked for. Asking again would bring the same
  // unusable message, and a poll would never bring anything else.
  for (const auto& followed : followed_) {
    if (followed->awaits_snapshot && followed->added_during != message_attempt()) {
      followed->awaits_snapshot = false;
      break;
    }
  }
  mark_gap(message, Gap::missed_message);
}

void StreamSession::mark_gap(SessionMessage& message, Gap gap) {
  ++resets_;
  for (const auto& followed : followed_) {
    const bool has_changed = followed->registration.mark_gap(gap) == Applied::changed;
    followed->has_changed |= has_changed;
    message.view_changed |= has_changed && !followed->registration.view().status.empty();
  }
}

std::string StreamSession::describe(const sse::Skipped& skipped) const {
  switch (skipped.reason) {
    case sse::SkipReason::line_too_long:
      return "An event was skipped: a line of it is longer than " +
             in_words(limits().line_bytes_max);
    case sse::SkipReason::event_too_large:
      return "An event was skipped: its data is larger than " + in_words(limits().event_bytes_max);
    case sse::SkipReason::id_too_long:
      break;
  }
  return "An event was skipped: its id is longer than " + in_words(limits().id_bytes_max);
}

const RegistrationView* StreamSession::view(const InstanceId& id) const {
  const RegistrationView* const known = view_to_restore(id);
  return known == nullptr || known->status.empty() ? nullptr : known;
}

const RegistrationView* StreamSession::view_to_restore(const InstanceId& id) const {
  const std::size_t index = index_of(id.number, id.text);
  return index == followed_.size() ? nullptr : &followed_view(index);
}

std::size_t StreamSession::index_of(std::int64_t number, std::string_view text) const {
  std::size_t index = 0;
  while (index < followed_.size() && !is_of(followed_view(index), number, text)) {
    ++index;
  }
  return index;
}

StreamSession::Followed* StreamSession::find(std::int64_t number, std::string_view text) {
  const std::size_t index = index_of(number, text);
  return index == followed_.size() ? nullptr : followed_[index].get();
}

StreamSession::Followed* StreamSession::find_requested(std::int64_t number, std::string_view text) {
  Followed* const followed = find(number, text);
  const bool is_asked_for = followed != nullptr && (!followed->awaits_snapshot ||
                                                    followed->added_during != message_attempt());
  return is_asked_for ? followed : nullptr;
}

}  // namespace regstream
