#include <regstream/session/stream_session.hpp>

#include <cstddef>
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
    case StreamMessageType::ping:
      return MessageKind::ping;
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

}  // namespace

StreamSession::StreamSession(const ConnectionOptions& options, std::uint64_t seed,
                             std::span<const std::int64_t> registration_ids,
                             std::string_view last_event_id, sse::ParserLimits limits)
    : EventSession(options, seed, last_event_id, limits),
      followed_(registration_ids.begin(), registration_ids.end()) {}

bool StreamSession::restore(RegistrationView view) {
  Registration* const followed = find(view.registration_id);
  if (followed == nullptr) {
    return false;
  }
  if (!view.status.empty()) {
    followed->apply_snapshot(std::move(view));
  } else if (view.has_gap) {  // That is all that was known.
    followed->mark_gap(view.has_lost_history ? Gap::lost_history : Gap::missed_message);
  }
  return true;
}

/// An exception in it may have cost an update, and the id to resume from is behind that already.
struct StreamSession::Reading {
  StreamSession& session;
  bool is_done = false;

  ~Reading() {
    if (!is_done) {
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
        Reading reading{*this};
        const SessionMessage message = read(*event);
        reading.is_done = true;
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
  if (const auto error = decode_stream_message(event.data, registration_workflow(), content_)) {
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
  }
  return message;
}

void StreamSession::apply_update(SessionMessage& message, const UpdateSlices& update) {
  if (Registration* const followed = find(update.registration_id)) {
    message.view_changed = followed->apply(to_update(update)) != Applied::unchanged;
  } else if (!followed_.empty()) {
    message.kind = MessageKind::other;
  }
}

void StreamSession::apply_snapshot(SessionMessage& message, std::string_view json) {
  auto decoded = decode_view(json);
  if (auto* const error = std::get_if<DecodeError>(&decoded)) {
    reject(message, MessageKind::malformed, error->what);
    return;
  }
  auto& view = *std::get_if<RegistrationView>(&decoded);
  if (Registration* const followed = find(view.registration_id)) {
    if (view.status.empty()) {
      return reject(message, MessageKind::malformed, "the snapshot has no status");
    }
    view.has_lost_history = false;
    message.view_changed = followed->apply_snapshot(std::move(view)) != Applied::unchanged;
  } else if (!followed_.empty()) {
    message.kind = MessageKind::other;
  }
}

void StreamSession::reject(SessionMessage& message, MessageKind kind, std::string_view problem) {
  problem_ = problem;
  message.kind = kind;
  message.problem = problem_;
  message.content = nullptr;
  mark_gap(message, Gap::missed_message);
}

void StreamSession::mark_gap(SessionMessage& message, Gap gap) {
  ++resets_;
  for (Registration& followed : followed_) {
    const bool is_news = followed.mark_gap(gap) == Applied::changed;
    message.view_changed |= is_news && !followed.view().status.empty();
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

const RegistrationView* StreamSession::view(std::int64_t registration_id) const {
  const RegistrationView* const known = view_to_restore(registration_id);
  return known == nullptr || known->status.empty() ? nullptr : known;
}

const RegistrationView* StreamSession::view_to_restore(std::int64_t registration_id) const {
  for (const Registration& followed : followed_) {
    if (followed.view().registration_id == registration_id) {
      return &followed.view();
    }
  }
  return nullptr;
}

Registration* StreamSession::find(std::int64_t registration_id) {
  for (Registration& followed : followed_) {
    if (followed.view().registration_id == registration_id) {
      return &followed;
    }
  }
  return nullptr;
}

}  // namespace regstream
