#include <array>
#include <utility>

#include <regstream/message/codec.hpp>

#include "message/field_reader.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"
#include "message/update_members.hpp"

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
};

constexpr std::array<std::string_view, json::update_member_count> keys{
    "registrationId", "status",     "stage",     "stageStatus", "message",
    "details",        "processLog", "timestamp", "id"};

/// Adds a member to the JSON text of an object, which may be empty.
void append_member(std::string& object, std::string_view key, const json::Value& value) {
  if (object.empty()) {
    object = "{";
  } else {
    object.back() = ',';
  }
  const std::string_view quote = value.kind == json::Kind::string ? "\"" : "";
  json::append_string(object, key);
  object.append(":").append(quote).append(value.raw).append(quote).append("}");
}

}  // namespace

namespace json {

std::variant<UpdateSlices, DecodeError> update_of(UpdateMembers& members,
                                                  const CodecLimits& limits) {
  FieldReader reader{keys, members.known};
  UpdateSlices update;
  update.registration_id = reader.identifier(registration_id);
  update.status = reader.name(status, limits.name_bytes_max, Presence::required);
  update.stage = reader.name(stage, limits.name_bytes_max, Presence::optional);
  update.message = reader.text(message);
  const JsonString word = reader.name(stage_status, limits.name_bytes_max, Presence::optional);
  if (const auto known = parse_stage_status(word.has_escapes ? word.text() : word.raw)) {
    update.stage_status = *known;
  } else {
    update.stage_status_word = word;
    update.stage_status = update.message.has_escapes ? infer_stage_status(update.message.text())
                                                     : infer_stage_status(update.message.raw);
  }
  update.details = reader.raw(details, Kind::object);
  update.process_log = reader.raw(process_log, Kind::array);
  update.timestamp_ms = reader.timestamp_ms(timestamp);
  update.unknown = std::move(members.unknown);
  const Value& sent_id = members.known[id];
  if (sent_id.kind == Kind::string && !sent_id.has_escapes) {
    update.id = parse_event_id(sent_id.raw);
  }
  if (!update.id && sent_id.kind != Kind::null) {
    append_member(update.unknown, keys[id], sent_id);
  }
  if (reader.error()) {
    return *reader.error();
  }
  return update;
}

Wanted wanted_of_update(UpdateMembers& members) {
  return {.keys = keys, .values = members.known, .unknown = &members.unknown};
}

}  // namespace json

std::string JsonString::text() const {
  return json::text_of({.kind = json::Kind::string, .has_escapes = has_escapes, .raw = raw});
}

std::variant<UpdateSlices, DecodeError> decode_update_slices(std::string_view json,
                                                             const CodecLimits& limits) {
  json::UpdateMembers members;
  if (auto error =
          json::read_object("the message", json,
                            {.bytes_max = limits.message_bytes_max, .depth_max = limits.depth_max},
                            json::wanted_of_update(members))) {
    return *std::move(error);
  }
  return json::update_of(members, limits);
}

Update to_update(const UpdateSlices& slices) {
  Update update;
  update.registration_id = slices.registration_id;
  update.status = slices.status.text();
  update.stage = slices.stage.text();
  update.stage_status = slices.stage_status;
  update.message = slices.message.text();
  update.details = slices.details;
  update.process_log = slices.process_log;
  update.timestamp_ms = slices.timestamp_ms;
  update.stage_status_word = slices.stage_status_word.text();
  update.id = slices.id;
  update.unknown = slices.unknown;
  return update;
}

std::variant<Update, DecodeError> decode_update(std::string_view json, const CodecLimits& limits) {
  auto slices = decode_update_slices(json, limits);
  if (auto* error = std::get_if<DecodeError>(&slices)) {
    return std::move(*error);
  }
  return to_update(*std::get_if<UpdateSlices>(&slices));
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
