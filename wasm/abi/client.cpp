#include "client.hpp"

#include <array>
#include <span>
#include <string>

#include "exchange.hpp"

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

void write_update(Batch& batch, MessageRecord& record, const UpdateSlices& update) {
  record.registration_id = static_cast<double>(update.registration_id);
  record.timestamp_ms = static_cast<double>(update.timestamp_ms);
  if (!update.status.has_escapes) {
    record.known_status = parse_status(update.status.raw);
  }
  if (record.known_status == Status::other) {
    record.status = append(batch.text, update.status);
  }
  record.known_stage = known_stage(update.stage);
  if (record.known_stage == 0) {
    record.stage = append(batch.text, update.stage);
  }
  record.stage_status = update.stage_status;
  record.message = append(batch.text, update.message);
  record.has_message = update.message.raw.data() != nullptr;
  // An epoch of 0 says that the record has no id.
  const bool has_exact_id = update.id && update.id->epoch > 0 && update.id->epoch <= exact_max &&
                            update.id->sequence <= exact_max;
  if (has_exact_id) {
    record.epoch = static_cast<double>(update.id->epoch);
    record.sequence = static_cast<double>(update.id->sequence);
  }
  const std::size_t rest_begin = batch.json.size();
  append_rest(batch.json, update, has_exact_id);
  record.json = {static_cast<std::uint32_t>(rest_begin),
                 static_cast<std::uint32_t>(batch.json.size() - rest_begin)};
}

/// Makes `last` the cursor `last_event_id`. It is there once: the next message's may be the same.
void append_cursor(std::string& cursors, Slice& last, std::string_view last_event_id) {
  if (std::string_view(cursors).substr(last.begin) != last_event_id) {
    last = {static_cast<std::uint32_t>(cursors.size()),
            static_cast<std::uint32_t>(last_event_id.size())};
    cursors.append(last_event_id);
  }
}

}  // namespace

Client::Client(const ConnectionOptions& options, std::uint64_t seed, std::int64_t registration_id,
               std::string_view last_event_id)
    : session_(options, seed, std::span(&registration_id, registration_id == 0 ? 0 : 1),
               last_event_id),
      registration_id_(registration_id) {}

void Client::write_messages(Batch& batch, Result& result) {
  const std::uint64_t resets_before = session_.resets();
  bool view_changed = false;
  Slice cursor;
  while (const auto message = session_.poll_message()) {
    view_changed = view_changed || message->view_changed;
    MessageRecord& record = batch.messages.add();
    record.kind = message->kind;
    append_cursor(batch.cursors, cursor, message->last_event_id);
    record.cursor = cursor;
    if (message->content == nullptr) {
      record.message = batch.text.append(message->problem);
    } else if (message->kind == MessageKind::update) {
      write_update(batch, record, message->content->update);
    }
  }
  append_cursor(batch.cursors, cursor, session_.last_event_id());
  const RegistrationView* const view = session_.view_to_restore(registration_id_);
  if (view != nullptr && (view_changed || (view->status.empty() && view->has_gap))) {
    write_view(batch, *view);
  }
  result.text = bytes_of(batch.text.text());
  result.records = batch.messages.address();
  result.json = bytes_of(batch.json);
  result.cursors = bytes_of(batch.cursors);
  result.cursor_begin = cursor.begin;
  result.resets = static_cast<std::uint32_t>(session_.resets() - resets_before);
  result.view = reinterpret_cast<std::uintptr_t>(batch.view ? &*batch.view : nullptr);
}

}  // namespace regstream::abi
