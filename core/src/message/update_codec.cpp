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
  field_count,
};

constexpr std::array<std::string_view, field_count> keys{"registrationId", "status",   "stage",
                                                         "stageStatus",    "message",  "details",
                                                         "processLog",     "timestamp"};

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
  const auto sent_stage_status = reader.stage_status(stage_status);
  update.stage_status = sent_stage_status ? *sent_stage_status : infer_stage_status(update.message);
  update.details = reader.raw(details, json::Kind::object);
  update.process_log = reader.raw(process_log, json::Kind::array);
  update.timestamp_ms = reader.timestamp_ms(timestamp);
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
    object.string(keys[stage_status], to_string(update.stage_status));
  }
  object.string(keys[message], update.message);
  if (!update.details.empty()) {
    object.raw_or_null(keys[details], update.details);
  }
  if (!update.process_log.empty()) {
    object.raw_or_null(keys[process_log], update.process_log);
  }
  object.integer(keys[timestamp], update.timestamp_ms);
  object.end();
  return out;
}

}  // namespace regstream
