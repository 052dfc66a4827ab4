#include <array>
#include <optional>
#include <utility>

#include <regstream/message/codec.hpp>
#include <regstream/message/message_text.hpp>

#include "message/field_reader.hpp"
#include "message/json_number.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"
#include "message/time_text.hpp"
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

/// What a member of another type should have been; of those that are not required.
constexpr std::array<std::string_view, json::update_member_count> expectations{
    "",
    "",
    "a string",
    "a string of at most 256 bytes",
    "a string",
    "a JSON object",
    "a JSON array",
    "a time in milliseconds since 1970, or as ISO 8601 with a zone",
    ""};

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

bool is_empty_container(std::string_view raw) {
  return raw.find_first_not_of(" \t\r\n", 1) == raw.size() - 1;
}

/// Reads what no type of which costs the update, as `decode_update_slices` says.
class OptionalMembers {
 public:
  OptionalMembers(const json::UpdateMembers& members, UpdateSlices& update,
                  const CodecLimits& limits)
      : members_(members), update_(update), limits_(limits) {}

  JsonString text(Field field) {
    const json::Value& value = members_.known[field];
    if (value.kind == json::Kind::string || value.kind == json::Kind::number) {
      return {value.raw, value.has_escapes};
    }
    return mistyped<JsonString>(field);
  }

  JsonString word(Field field) {
    const json::Value& value = members_.known[field];
    const JsonString word{value.raw, value.has_escapes};
    const bool is_word =
        value.kind == json::Kind::string &&
        (word.has_escapes ? word.text().size() : word.raw.size()) <= limits_.name_bytes_max;
    return is_word ? word : mistyped<JsonString>(field);
  }

  JsonText container(Field field, json::Kind kind) {
    const json::Value& sent = members_.known[field];
    if (sent.kind == kind) {
      return {.sent = sent.raw, .copy = {}};
    }
    const json::Kind other = kind == json::Kind::object ? json::Kind::array : json::Kind::object;
    if (sent.kind == other && is_empty_container(sent.raw)) {
      return {};
    }
    if (sent.kind == json::Kind::string) {
      const std::string text = json::text_of(sent);
      // It stands one level deep in the message, and in a snapshot.
      const auto value = json::read_value(text, limits_.depth_max - 1);
      if (value && value->kind == kind) {
        return {.sent = {}, .copy = std::string{value->raw}};
      }
      if (value && value->kind == other && is_empty_container(value->raw)) {
        return {};
      }
    }
    return mistyped<JsonText>(field);
  }

  std::int64_t time_ms(Field field) {
    const json::Value& value = members_.known[field];
    std::optional<std::int64_t> time;
    if (value.kind == json::Kind::number) {
      time = json::to_time_ms(value.raw);
    } else if (value.kind == json::Kind::string) {
      time = read_time_text(value.has_escapes ? json::text_of(value) : value.raw);
    }
    return time ? *time : mistyped<std::int64_t>(field);
  }

 private:
  /// The member counts as unknown, unless there is none.
  template <typename Empty>
  Empty mistyped(Field field) {
    const json::Value& value = members_.known[field];
    if (value.kind != json::Kind::null) {
      append_member(update_.unknown, keys[field], value);
      ++update_.mistyped;
      update_.mistyped_name = keys[field];
      update_.mistyped_expected = expectations[field];
    }
    return {};
  }

  const json::UpdateMembers& members_;
  UpdateSlices& update_;
  const CodecLimits& limits_;
};

}  // namespace

namespace json {

std::variant<UpdateSlices, DecodeError> update_of(UpdateMembers& members,
                                                  const CodecLimits& limits) {
  FieldReader reader{keys, members.known};
  UpdateSlices update;
  const auto refusal = [&](DropReason reason) {
    DecodeError error = *reader.error();
    error.reason = reason;
    error.registration_id = update.registration_id;
    return error;
  };
  update.registration_id = reader.identifier(registration_id);
  if (reader.error()) {
    update.registration_id = 0;
    return refusal(DropReason::registration_id);
  }
  update.status = reader.name(status, limits.name_bytes_max, Presence::required);
  if (reader.error()) {
    return refusal(DropReason::status);
  }
  update.unknown = std::move(members.unknown);
  OptionalMembers optional{members, update, limits};
  if (members.known[stage].kind == Kind::string) {
    update.stage = reader.name(stage, limits.name_bytes_max, Presence::optional);
    if (reader.error()) {
      return refusal(DropReason::stage);
    }
  } else {
    update.stage = optional.word(stage);
  }
  update.message = optional.text(message);
  const JsonString word = optional.word(stage_status);
  if (const auto known = parse_stage_status(word.has_escapes ? word.text() : word.raw)) {
    update.stage_status = *known;
  } else {
    update.stage_status_word = word;
    update.stage_status = update.message.has_escapes ? infer_stage_status(update.message.text())
                                                     : infer_stage_status(update.message.raw);
  }
  update.details = optional.container(details, Kind::object);
  update.process_log = optional.container(process_log, Kind::array);
  update.timestamp_ms = optional.time_ms(timestamp);
  const Value& sent_id = members.known[id];
  if (sent_id.kind == Kind::string && !sent_id.has_escapes) {
    update.id = parse_event_id(sent_id.raw);
  }
  if (!update.id && sent_id.kind != Kind::null) {
    append_member(update.unknown, keys[id], sent_id);
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
    // As far as it was read.
    json::FieldReader reader{keys, members.known};
    const std::int64_t named = reader.identifier(registration_id);
    error->registration_id = reader.error() ? 0 : named;
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
  update.details = slices.details.view();
  update.process_log = slices.process_log.view();
  update.timestamp_ms = slices.timestamp_ms;
  update.stage_status_word = slices.stage_status_word.text();
  update.id = slices.id;
  update.unknown = slices.unknown;
  return update;
}

std::variant<Update, DecodeError> decode_update(std::string_view json, const CodecLimits& limits) {
  const MessageText text{json, limits.message_bytes_max};
  auto slices = decode_update_slices(text.view(), limits);
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
