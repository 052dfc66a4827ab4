#include "client.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "exchange.hpp"

namespace regstream::abi {
namespace {

/// JavaScript's numbers are exact up to here.
constexpr std::uint64_t exact_max = (std::uint64_t{1} << 53U) - 1;

/// One more than the index of `name` among the names that the workflow declares, which JavaScript
/// has already; 0: it is not one of them.
template <typename Declared>
std::uint8_t place_of(const JsonString& name, const std::vector<Declared>& declared) {
  for (std::size_t index = 0; index < declared.size() && !name.has_escapes; ++index) {
    if (declared[index].name == name.raw) {
      return static_cast<std::uint8_t>(index + 1);
    }
  }
  return 0;
}

/// Appends the JSON text of an object with the members that a record has no field for; nothing if
/// there are none.
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

/// Whether the id is in the record. An epoch of 0 means that there is no id.
bool write_event_id(MessageRecord& record, const std::optional<EventId>& id) {
  const bool is_exact = id && id->epoch > 0 && id->epoch <= exact_max && id->sequence <= exact_max;
  if (is_exact) {
    record.epoch = static_cast<double>(id->epoch);
    record.sequence = static_cast<double>(id->sequence);
  }
  return is_exact;
}

void write_update(Batch& batch, MessageRecord& record, const UpdateSlices& update,
                  const Workflow& workflow) {
  record.instance_id = static_cast<double>(update.registration_id);
  record.text_id = append(batch.text, update.text_id);
  record.timestamp_ms = static_cast<double>(update.timestamp_ms);
  record.known_status = place_of(update.status, workflow.statuses);
  if (record.known_status == 0) {
    record.status = append(batch.text, update.status);
  }
  record.known_stage = place_of(update.stage, workflow.stages);
  if (record.known_stage == 0) {
    record.stage = append(batch.text, update.stage);
  }
  record.stage_status = update.stage_status;
  record.message = append(batch.text, update.message);
  record.has_message = update.message.raw.data() != nullptr;
  const bool has_exact_id = write_event_id(record, update.id);
  const std::size_t rest_begin = batch.json.size();
  append_rest(batch.json, update, has_exact_id);
  record.json = {static_cast<std::uint32_t>(rest_begin),
                 static_cast<std::uint32_t>(batch.json.size() - rest_begin)};
}

/// Makes `last` the cursor `last_event_id`. Equal cursors in a row are stored once.
void append_cursor(std::string& cursors, Slice& last, std::string_view last_event_id) {
  if (std::string_view(cursors).substr(last.begin) != last_event_id) {
    last = {static_cast<std::uint32_t>(cursors.size()),
            static_cast<std::uint32_t>(last_event_id.size())};
    cursors.append(last_event_id);
  }
}

}  // namespace

Client::Client(const ConnectionOptions& options, std::uint64_t seed, const Workflow& workflow,
               std::span<const InstanceId> ids, std::string_view last_event_id, StreamEnd end)
    : session_(options, seed, workflow, ids, last_event_id, {}, end) {}

std::string_view Client::request_query(TransportKind kind) {
  query_ = session_.request_query(kind);
  return query_;
}

void Client::write_messages(Batch& batch, Result& result) {
  const std::uint64_t resets_before = session_.resets();
  Slice cursor;
  while (const auto message = session_.poll_message()) {
    MessageRecord& record = batch.messages.add();
    record.kind = message->kind;
    append_cursor(batch.cursors, cursor, message->last_event_id);
    record.cursor = cursor;
    if (message->content == nullptr) {
      record.message = batch.text.append(message->problem);
    } else if (message->kind == MessageKind::update) {
      write_update(batch, record, message->content->update, session_.workflow());
    } else if (message->kind == MessageKind::end) {
      (void)write_event_id(record, message->content->end_id);
    }
  }
  append_cursor(batch.cursors, cursor, session_.last_event_id());
  write_views(batch, session_);
  result.text = bytes_of(batch.text.text());
  result.records = batch.messages.address();
  result.json = bytes_of(batch.json);
  result.cursors = bytes_of(batch.cursors);
  result.cursor_begin = cursor.begin;
  result.resets = static_cast<std::uint32_t>(session_.resets() - resets_before);
  result.views = batch.views.address();
  result.view_count = batch.views.size();
}

}  // namespace regstream::abi
