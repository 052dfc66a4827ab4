#include <regstream/session/event_session.hpp>

#include <string>
#include <variant>

namespace regstream {

bool EventSession::on_response(AttemptId attempt, const ResponseHead& head, Instant now) {
  if (!Connection::on_response(attempt, head, now)) {
    return false;
  }
  if (state() == ConnectionState::open) {
    parser_.emplace(limits_, std::string(last_event_id()));
    unread_ = Unread::nothing;
  }
  return true;
}

bool EventSession::on_bytes(AttemptId attempt, std::string_view bytes, Instant now) {
  if (!begin_reading(attempt, now)) {
    return false;
  }
  parser_->feed(bytes);
  unread_ = Unread::bytes;
  return true;
}

bool EventSession::on_event(AttemptId attempt, std::string_view data,
                            std::optional<std::string_view> last_event_id, Instant now) {
  if (!begin_reading(attempt, now)) {
    return false;
  }
  event_data_ = data;
  event_id_ = last_event_id;
  unread_ = Unread::event;
  return true;
}

bool EventSession::on_probe_bytes(AttemptId attempt, std::string_view bytes, Instant now) {
  if (!probe_parser_ || probed_attempt_ != attempt) {
    probe_parser_.emplace(limits_);
    probed_attempt_ = attempt;
  }
  probe_parser_->feed(bytes);
  bool has_event = false;
  for (sse::Token token = probe_parser_->next(); !std::holds_alternative<sse::NeedInput>(token);
       token = probe_parser_->next()) {
    has_event = has_event || std::holds_alternative<sse::Event>(token);
  }
  return has_event && on_probe_event(attempt, now);
}

bool EventSession::begin_reading(AttemptId attempt, Instant now) {
  if (!on_activity(attempt, now) || state() != ConnectionState::open) {
    return false;
  }
  attempt_ = attempt;
  return true;
}

sse::Token EventSession::poll_token() {
  // The last stream is closed before another one opens, and the new one has nothing unread.
  if (state() != ConnectionState::open || unread_ == Unread::nothing) {
    return sse::NeedInput{};
  }
  return unread_ == Unread::bytes ? next_token_of_bytes() : token_of_event();
}

sse::Token EventSession::next_token_of_bytes() {
  sse::Token token = parser_->next();
  if (const auto* const event = std::get_if<sse::Event>(&token)) {
    on_event_id(attempt_, event->last_event_id);
    on_event_arrived(attempt_);
  } else if (const auto* const skipped = std::get_if<sse::Skipped>(&token)) {
    on_event_id(attempt_, skipped->last_event_id);
  } else if (const auto* const comment = std::get_if<sse::Comment>(&token)) {
    on_comment(attempt_, comment->text);
  } else if (const auto* const retry = std::get_if<sse::Retry>(&token)) {
    on_retry(attempt_, retry->delay);
  } else {
    unread_ = Unread::nothing;
    // A block with only an id sets the id without an event.
    on_event_id(attempt_, parser_->last_event_id());
  }
  return token;
}

sse::Token EventSession::token_of_event() {
  unread_ = Unread::nothing;
  on_event_arrived(attempt_);
  if (event_id_ && event_id_->size() > limits_.id_bytes_max) {
    return sse::Skipped{.reason = sse::SkipReason::id_too_long,
                        .bytes = event_data_.size(),
                        .last_event_id = last_event_id()};
  }
  if (event_id_) {
    on_event_id(attempt_, *event_id_);
  }
  return sse::Event{.type = "message", .data = event_data_, .last_event_id = last_event_id()};
}

}  // namespace regstream
