#include "client.hpp"

#include <array>
#include <span>
#include <utility>
#include <variant>

namespace regstream::abi {
namespace {

/// JavaScript's numbers are exact up to here.
constexpr std::uint64_t exact_max = (std::uint64_t{1} << 53U) - 1;

/// The stages of the given workflow: JavaScript has their names already.
constexpr std::array<std::string_view, 4> known_stages{"duplicate_check", "t24_lookup",
                                                       "account_validation", "status_update"};

std::uint8_t known_stage(const JsonString& stage) {
  for (std::size_t index = 0; index < known_stages.size(); ++index) {
    if (!stage.has_escapes && known_stages[index] == stage.raw) {
      return static_cast<std::uint8_t>(index + 1);
    }
  }
  return 0;
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

Slice append(BatchText& text, const JsonString& string) {
  return string.has_escapes ? text.append(string.text()) : text.append(string.raw);
}

}  // namespace

Client::Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id,
               std::string_view last_event_id)
    : session_(options, seed, std::span(&registration_id, registration_id == 0 ? 0 : 1),
               last_event_id),
      registration_id_(registration_id) {}

void Client::read_messages() {
  text_.clear();
  messages_.clear();
  clear_batch(json_);
  clear_batch(cursors_);
  cursor_ = {};
  view_changed_ = false;
  const std::uint64_t resets_before = session_.resets();
  while (const auto message = session_.poll_message()) {
    add(*message);
  }
  append_cursor(session_.last_event_id());
  resets_ = static_cast<std::uint32_t>(session_.resets() - resets_before);
  if (const RegistrationView* const view = session_.view_to_restore(registration_id_)) {
    view_changed_ |= view->status.empty() && view->has_gap;
    if (view_changed_) {
      write_view(*view);
    }
  }
}

void Client::add(const SessionMessage& message) {
  view_changed_ = view_changed_ || message.view_changed;
  MessageRecord& record = messages_.add();
  record.kind = message.kind;
  append_cursor(message.last_event_id);
  record.cursor = cursor_;
  if (message.content == nullptr) {
    record.message = text_.append(message.problem);
  } else if (message.kind == MessageKind::update) {
    add_update(record, message.content->update);
  }
}

void Client::add_update(MessageRecord& record, const UpdateSlices& update) {
  record.registration_id = static_cast<double>(update.registration_id);
  record.timestamp_ms = static_cast<double>(update.timestamp_ms);
  if (!update.status.has_escapes) {
    record.known_status = parse_status(update.status.raw);
  }
  if (record.known_status == Status::other) {
    record.status = append(text_, update.status);
  }
  record.known_stage = known_stage(update.stage);
  if (record.known_stage == 0) {
    record.stage = append(text_, update.stage);
  }
  record.stage_status = update.stage_status;
  record.message = append(text_, update.message);
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

void Client::append_cursor(std::string_view last_event_id) {
  if (std::string_view(cursors_).substr(cursor_.begin) != last_event_id) {
    cursor_ = {static_cast<std::uint32_t>(cursors_.size()),
               static_cast<std::uint32_t>(last_event_id.size())};
    cursors_.append(last_event_id);
  }
}

}  // namespace regstream::abi
