#include <array>

#include <regstream/message/codec.hpp>

#include "message/field_reader.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"

namespace regstream {
namespace {

enum Field : std::size_t {
  registration_id,
  status,
  stage,
  stage_status,
  message,
  details,
  process_log,
  timestamp,
  id,
  field_count,
};

constexpr std::array<std::string_view, field_count> keys{"registrationId", "status",    "stage",
                                                         "stageStatus",    "message",   "details",
                                                         "processLog",     "timestamp", "id"};

}  // namespace

std::variant<Update, DecodeError> decode_update(std::string_view json, const CodecLimits& limits) {
  std::array<json::Value, field_count> values;
  if (auto error = json::read_object(
          "the message", json,
          {.bytes_max = limits.message_bytes_max, .depth_max = limits.depth_max}, keys, values)) {
    return *std::move(error);
  }

  json::FieldReader reader{keys, values};
  Update update;
  update.registration_id = reader.integer(registration_id, 1, json::Presence::required);
  update.status = reader.name(status, limits.name_bytes_max, json::Presence::required);
  update.stage = reader.name(stage, limits.name_bytes_max, json::Presence::optional);
  update.message = reader.text(message);
  update.stage_status_word =
      reader.name(stage_status, limits.name_bytes_max, json::Presence::optional);
  if (const auto known = parse_stage_status(update.stage_status_word)) {
    update.stage_status = *known;
    update.stage_status_word.clear();
  } else {
    update.stage_status = infer_stage_status(update.message);
  }
  update.details = reader.raw(details, json::Kind::object);
  update.process_log = reader.raw(process_log, json::Kind::array);
  update.timestamp_ms = reader.timestamp_ms(timestamp);
  if (values[id].kind == json::Kind::string) {
    update.id = parse_event_id(values[id].string);
  }
  if (reader.error()) {
    return *reader.error();
  }
  return update;
}

std::string encode_update(const Update& update) {
  std::string out;
  json::ObjectWriter object{out};
  object.integer(keys[registration_id], update.registration_id);
  object.string(keys[status], update.status);
  if (!update.stage.empty()) {
    object.string(keys[stage], update.stage);
    object.string(keys[stage_status], update.stage_status_word.empty()
                                          ? to_string(update.stage_status)
                                          : update.stage_status_word);
  }
  object.string(keys[message], update.message);
  if (!update.details.empty()) {
    object.raw_or_null(keys[details], update.details);
  }
  if (!update.process_log.empty()) {
    object.raw_or_null(keys[process_log], update.process_log);
  }
  object.integer(keys[timestamp], update.timestamp_ms);
  object.members(update.unknown);
  // Of a key given twice the last one counts: a publisher's own "id" does not hide the update's.
  if (update.id) {
    object.string(keys[id], to_string(*update.id));
  }
  object.end();
  return out;
}

}  // namespace regstream
