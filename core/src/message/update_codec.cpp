#include <array>
#include <utility>

#include <regstream/message/codec.hpp>
#include <regstream/message/message_text.hpp>
#include <regstream/workflow/registration.hpp>

#include "message/field_reader.hpp"
#include "message/instance_id.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"
#include "message/optional_members.hpp"
#include "message/update_members.hpp"

namespace regstream {
namespace {

enum UpdateField : std::size_t {
  update_instance_id,
  update_status,
  update_stage,
  update_stage_status,
  update_message,
  update_details,
  update_process_log,
  update_timestamp,
  update_id,
};

/// The keys in messages, except the id's, which the workflow names.
constexpr std::array<std::string_view, json::update_member_count> update_keys{
    "", "status", "stage", "stageStatus", "message", "details", "processLog", "timestamp", "id"};

/// The expected values of optional members.
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

}  // namespace

namespace json {

UpdateMembers::UpdateMembers(const Workflow& of) : workflow(of), keys(update_keys) {
  keys[update_instance_id] = of.id_member;
}

std::optional<DecodeError> update_of(UpdateMembers& members, const CodecLimits& limits,
                                     UpdateSlices& update) {
  FieldReader reader{members.keys, members.known};
  const auto refusal = [&](DropReason reason) {
    DecodeError error = *reader.error();
    error.reason = reason;
    if (reason == DropReason::registration_id_missing || reason == DropReason::status_missing) {
      error.what.append(": every update needs ")
          .append(members.workflow.id_member)
          .append(" and status");
    }
    error.registration_id = update.registration_id;
    return error;
  };
  const bool is_integer = members.workflow.id_kind == IdKind::integer;
  const std::int64_t number = is_integer ? reader.integer_id(update_instance_id) : 0;
  const JsonString text = is_integer ? JsonString{} : reader.text_id(update_instance_id);
  if (reader.error()) {
    return refusal(reader.error()->reason);
  }
  update.registration_id = number;
  update.text_id = text;
  update.status = reader.name(update_status, limits.name_bytes_max, Presence::required);
  if (reader.error()) {
    return refusal(members.known[update_status].kind == Kind::null ? DropReason::status_missing
                                                                   : DropReason::status);
  }
  update.unknown = std::move(members.unknown);
  OptionalMembers optional{update, limits};
  const auto member = [&members](UpdateField field) {
    return OptionalMember{update_keys[field], expectations[field], members.known[field]};
  };
  if (members.known[update_stage].kind == Kind::string) {
    update.stage = reader.name(update_stage, limits.name_bytes_max, Presence::optional);
    if (reader.error()) {
      return refusal(DropReason::stage);
    }
  } else {
    update.stage = optional.word(member(update_stage));
  }
  update.message = optional.text(member(update_message));
  const JsonString word = optional.word(member(update_stage_status));
  if (const auto known = parse_stage_status(word.has_escapes ? word.text() : word.raw)) {
    update.stage_status = *known;
  } else {
    update.stage_status_word = word;
    if (members.workflow.infer_stage_status) {
      update.stage_status = update.message.has_escapes ? infer_stage_status(update.message.text())
                                                       : infer_stage_status(update.message.raw);
    }
  }
  update.details = optional.container(member(update_details), Kind::object);
  update.process_log = optional.container(member(update_process_log), Kind::array);
  update.timestamp_ms = optional.time_ms(member(update_timestamp));
  const Value& sent_id = members.known[update_id];
  if (sent_id.kind == Kind::string && !sent_id.has_escapes) {
    update.id = parse_event_id(sent_id.raw);
  }
  if (!update.id && sent_id.kind != Kind::null) {
    append_member(update.unknown, update_keys[update_id], sent_id);
  }
  return std::nullopt;
}

Wanted wanted_of_update(UpdateMembers& members) {
  return {.keys = members.keys, .values = members.known, .unknown = &members.unknown};
}

}  // namespace json

std::string JsonString::text() const {
  return json::text_of({.kind = json::Kind::string, .has_escapes = has_escapes, .raw = raw});
}

std::variant<UpdateSlices, DecodeError> decode_update_slices(std::string_view json,
                                                             const CodecLimits& limits) {
  return decode_update_slices(json, registration_workflow(), limits);
}

std::variant<UpdateSlices, DecodeError> decode_update_slices(std::string_view json,
                                                             const Workflow& workflow,
                                                             const CodecLimits& limits) {
  json::UpdateMembers members{workflow};
  if (auto error =
          json::read_object("the message", json,
                            {.bytes_max = limits.message_bytes_max, .depth_max = limits.depth_max},
                            json::wanted_of_update(members))) {
    // The id, if the message was read that far.
    if (workflow.id_kind == IdKind::integer) {
      json::FieldReader reader{members.keys, members.known};
      const std::int64_t named = reader.integer_id(update_instance_id);
      error->registration_id = reader.error() ? 0 : named;
    }
    if (error->reason == DropReason::array || error->reason == DropReason::several_values) {
      error->what.append(": publish each update by itself");
    }
    return *std::move(error);
  }
  std::variant<UpdateSlices, DecodeError> decoded;
  if (auto error = json::update_of(members, limits, *std::get_if<UpdateSlices>(&decoded))) {
    decoded = *std::move(error);
  }
  return decoded;
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
  update.text_id = slices.text_id.text();
  return update;
}

std::variant<Update, DecodeError> decode_update(std::string_view json, const CodecLimits& limits) {
  return decode_update(json, registration_workflow(), limits);
}

std::variant<Update, DecodeError> decode_update(std::string_view json, const Workflow& workflow,
                                                const CodecLimits& limits) {
  const MessageText text{json, limits.message_bytes_max};
  auto slices = decode_update_slices(text.view(), workflow, limits);
  if (auto* error = std::get_if<DecodeError>(&slices)) {
    return std::move(*error);
  }
  return to_update(*std::get_if<UpdateSlices>(&slices));
}

std::string encode_update(const Update& update) {
  return encode_update(update, registration_workflow());
}

std::string encode_update(const Update& update, const Workflow& workflow) {
  std::string out;
  json::ObjectWriter object{out};
  json::append_id(object, workflow, update.registration_id, update.text_id);
  object.string(update_keys[update_status], update.status);
  if (!update.stage.empty()) {
    object.string(update_keys[update_stage], update.stage);
    object.string(update_keys[update_stage_status], update.stage_status_word.empty()
                                                        ? to_string(update.stage_status)
                                                        : update.stage_status_word);
  }
  object.string(update_keys[update_message], update.message);
  if (!update.details.empty()) {
    object.raw_or_null(update_keys[update_details], update.details);
  }
  if (!update.process_log.empty()) {
    object.raw_or_null(update_keys[update_process_log], update.process_log);
  }
  object.integer(update_keys[update_timestamp], update.timestamp_ms);
  object.members(update.unknown);
  // The update's id comes last: if a key occurs twice the last value counts, so a publisher's own
  // "id" does not hide it.
  if (update.id) {
    object.string(update_keys[update_id], to_string(*update.id));
  }
  object.end();
  return out;
}

}  // namespace regstream
