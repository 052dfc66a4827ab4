#include "client.hpp"

#include <array>
#include <utility>
#include <variant>

namespace regstream::wasm {
namespace {

/// The cursor travels back in a URL, and servers bound those (commonly at 8 KiB).
constexpr std::size_t id_bytes_max = 4096;

/// JavaScript's numbers are exact up to here.
constexpr std::uint64_t exact_max = (std::uint64_t{1} << 53U) - 1;

/// The stages of the given workflow: JavaScript has their names already.
constexpr std::array<std::string_view, 4> known_stages{"duplicate_check", "t24_lookup",
                                                       "account_validation", "status_update"};

std::uint8_t known_stage(const JsonString& stage) {
  for (std::uint8_t index = 0; index < known_stages.size(); ++index) {
    if (!stage.has_escapes && known_stages[index] == stage.raw) {
      return index + 1;
    }
  }
  return 0;
}

std::string_view describe(sse::SkipReason reason) {
  switch (reason) {
    case sse::SkipReason::line_too_long:
      return "An event was skipped: a line of it is longer than 4 MiB";
    case sse::SkipReason::event_too_large:
      return "An event was skipped: its data is larger than 8 MiB";
    case sse::SkipReason::id_too_long:
      return "An event was skipped: its id is longer than 4096 bytes";
  }
  return {};
}

/// Appends the JSON text of an object with what a record has no field for, as the core has read it;
/// nothing if there is none.
void append_rest(std::string& out, const UpdateSlices& update, bool has_exact_id) {
  const std::size_t begin = out.size();
  const auto member = [&out, begin](std::string_view key, std::string_view json) {
    if (!json.empty()) {
      out.append(out.size() == begin ? "{\"" : ",\"").append(key).append("\":").append(json);
    }
  };
  member("details", update.details.view());
  member("processLog", update.process_log.view());
  if (update.id && !has_exact_id) {
    member("id", '"' + to_string(*update.id) + '"');
  }
  if (!update.unknown.empty()) {
    out.append(out.size() == begin ? "{" : ",").append(update.unknown, 1);
  } else if (out.size() != begin) {
    out.push_back('}');
  }
}

Slice append(Batch<MessageRecord>& messages, const JsonString& string) {
  return string.has_escapes ? messages.append(string.text()) : messages.append(string.raw);
}

}  // namespace

Client::Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id)
    : connection_(options, seed), parser_(std::in_place) {
  if (registration_id != 0) {
    registration_.emplace(registration_id);
  }
}

bool Client::restore(std::string_view last_event_id, std::string_view view_json) {
  cursor_ = last_event_id;
  parser_.emplace(sse::ParserLimits{}, cursor_);
  if (view_json.empty() || !registration_) {
    return true;
  }
  auto decoded = decode_view(view_json);
  auto* view = std::get_if<RegistrationView>(&decoded);
  if (view == nullptr ||
      registration_->apply_snapshot(std::move(*view)) == Applied::other_registration) {
    return false;
  }
  view_known_ = true;
  return true;
}

void Client::respond(AttemptId attempt, const ResponseHead& head, Instant now) {
  if (connection_.on_response(attempt, head, now) && connection_.state() == ConnectionState::open) {
    parser_->begin_connection();
  }
}

bool Client::begin_batch(AttemptId attempt, Instant now) {
  messages_.clear();
  json_.clear();
  cursors_.clear();
  view_changed_ = false;
  return connection_.on_activity(attempt, now);
}

bool Client::receive(AttemptId attempt, std::string_view bytes, Instant now) {
  if (!begin_batch(attempt, now)) {
    return false;
  }
  parser_->feed(bytes);
  while (true) {
    const sse::Token token = parser_->next();
    if (const auto* event = std::get_if<sse::Event>(&token)) {
      // The contract's events have no name, as EventSource's onmessage wants it.
      if (event->type == "message") {
        take_message(event->data, event->last_event_id);
      }
    } else if (const auto* retry = std::get_if<sse::Retry>(&token)) {
      connection_.on_retry(attempt, retry->delay);
    } else if (const auto* comment = std::get_if<sse::Comment>(&token)) {
      connection_.on_comment(attempt, comment->text);
    } else if (std::holds_alternative<sse::NeedInput>(token)) {
      break;
    } else if (const auto* skipped = std::get_if<sse::Skipped>(&token)) {
      reject(MessageKind::too_large, describe(skipped->reason));
    }
  }
  // A block of an id alone sets it without an event.
  take_event_id(attempt, parser_->last_event_id());
  return true;
}

bool Client::receive_event(AttemptId attempt, std::string_view data,
                           std::optional<std::string_view> last_event_id, Instant now) {
  if (!begin_batch(attempt, now)) {
    return false;
  }
  if (last_event_id && last_event_id->size() > id_bytes_max) {
    reject(MessageKind::too_large, describe(sse::SkipReason::id_too_long));
    return true;
  }
  if (last_event_id) {
    take_event_id(attempt, *last_event_id);
  }
  take_message(data, cursor_);
  return true;
}

void Client::take_event_id(AttemptId attempt, std::string_view last_event_id) {
  if (last_event_id != cursor_) {
    cursor_ = last_event_id;
    connection_.on_event_id(attempt, last_event_id);
  }
}

void Client::take_message(std::string_view data, std::string_view cursor) {
  if (data.size() > CodecLimits{}.stream_message_bytes_max) {
    reject(MessageKind::too_large, "A message was skipped: it is larger than 4 MiB");
    return;
  }
  const auto decoded = decode_stream_message(data);
  if (const auto* error = std::get_if<DecodeError>(&decoded)) {
    reject(MessageKind::malformed, error->what);
    return;
  }
  const auto& message = *std::get_if<StreamMessage>(&decoded);
  switch (message.type) {
    case StreamMessageType::connected:
      return add(MessageKind::connected);
    case StreamMessageType::update:
      return take_update(message.update, cursor);
    case StreamMessageType::snapshot:
      return take_snapshot(message.data);
    case StreamMessageType::reset:
      forget_view();
      return add(MessageKind::reset);
    case StreamMessageType::ping:
      return add(MessageKind::ping);
    case StreamMessageType::other:
      return add(MessageKind::other);
  }
}

void Client::take_update(const UpdateSlices& update, std::string_view cursor) {
  if (registration_ && !fold(registration_->apply(to_update(update)))) {
    return add(MessageKind::other);
  }
  MessageRecord& record = messages_.add();
  record.kind = MessageKind::update;
  record.registration_id = static_cast<double>(update.registration_id);
  record.timestamp_ms = static_cast<double>(update.timestamp_ms);
  if (!update.status.has_escapes) {
    record.known_status = parse_status(update.status.raw);
  }
  if (record.known_status == Status::other) {
    record.status = append(messages_, update.status);
  }
  record.known_stage = known_stage(update.stage);
  if (record.known_stage == 0) {
    record.stage = append(messages_, update.stage);
  }
  record.stage_status = update.stage_status;
  record.message = append(messages_, update.message);
  record.cursor = {static_cast<std::uint32_t>(cursors_.size()),
                   static_cast<std::uint32_t>(cursor.size())};
  cursors_.append(cursor);
  record.has_message = update.message.raw.data() != nullptr;
  const bool has_exact_id =
      update.id && update.id->epoch <= exact_max && update.id->sequence <= exact_max;
  if (has_exact_id) {
    record.epoch = static_cast<double>(update.id->epoch);
    record.sequence = static_cast<double>(update.id->sequence);
  }
  const std::size_t rest_begin = json_.size();
  append_rest(json_, update, has_exact_id);
  record.json = {static_cast<std::uint32_t>(rest_begin),
                 static_cast<std::uint32_t>(json_.size() - rest_begin)};
}

void Client::take_snapshot(std::string_view json) {
  auto decoded = decode_view(json);
  if (const auto* error = std::get_if<DecodeError>(&decoded)) {
    return reject(MessageKind::malformed, error->what);
  }
  auto& view = *std::get_if<RegistrationView>(&decoded);
  const bool is_ours = !registration_ || fold(registration_->apply_snapshot(std::move(view)));
  add(is_ours ? MessageKind::snapshot : MessageKind::other);
}

/// What applying an update or a snapshot means to the view; false: it is about another one.
bool Client::fold(Applied applied) {
  if (applied == Applied::other_registration) {
    return false;
  }
  view_changed_ = view_changed_ || applied != Applied::unchanged || !view_known_;
  view_known_ = true;
  return true;
}

/// What can't be read may have been an update. The view stays, and says so.
void Client::mark_gap() {
  if (registration_ && registration_->mark_gap(Gap::missed_message) == Applied::changed &&
      view_known_) {
    view_changed_ = true;
  }
}

/// Updates may have been missed, so what was folded is no view of the registration any more.
void Client::forget_view() {
  view_changed_ = view_changed_ || view_known_;
  view_known_ = false;
  if (registration_) {
    registration_.emplace(registration_->view().registration_id);
  }
}

void Client::add(MessageKind kind) {
  messages_.add().kind = kind;
}

void Client::reject(MessageKind kind, std::string_view problem) {
  MessageRecord& record = messages_.add();
  record.kind = kind;
  record.message = messages_.append(problem);
  mark_gap();
}

std::string Client::view_json() const {
  return view_known_ ? encode_view(registration_->view()) : std::string();
}

}  // namespace regstream::wasm
