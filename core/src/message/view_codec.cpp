#include <array>
#include <utility>

#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/registration.hpp>

#include "message/field_reader.hpp"
#include "message/instance_id.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"

namespace regstream {
namespace {

enum ViewField : std::size_t {
  view_instance_id,
  view_status,
  view_stage,
  view_stages,
  view_message,
  view_details,
  view_process_log,
  view_timestamp,
  view_is_final,
  view_has_ended,
  view_has_gap,
  view_has_lost_history,
  view_has_more_stages,
  view_id,
  view_field_count,
};

/// The keys, except the id's, which the workflow names.
constexpr std::array<std::string_view, view_field_count> view_keys{
    "",          "status",  "stage",    "stages", "message",        "details",       "processLog",
    "timestamp", "isFinal", "hasEnded", "hasGap", "hasLostHistory", "hasMoreStages", "id"};

enum StageField : std::size_t {
  stage_name,
  stage_status,
  stage_message,
  stage_started_at,
  stage_ended_at,
  stage_field_count,
};

constexpr std::array<std::string_view, stage_field_count> stage_keys{
    "stage", "stageStatus", "message", "startedAt", "endedAt"};

void append_stage(std::string& out, const StageView& stage) {
  json::ObjectWriter object{out};
  object.string(stage_keys[stage_name], stage.name);
  object.string(stage_keys[stage_status], to_string(stage.status));
  object.string(stage_keys[stage_message], stage.message);
  object.timestamp_or_null(stage_keys[stage_started_at], stage.started_timestamp_ms);
  object.timestamp_or_null(stage_keys[stage_ended_at], stage.ended_timestamp_ms);
  object.end();
}

void append_progress(std::string& out, const Progress& progress) {
  json::ObjectWriter object{out};
  object.integer("stagesDone", static_cast<std::int64_t>(progress.stages_done));
  object.integer("stagesTotal", static_cast<std::int64_t>(progress.stages_total));
  object.end();
}

/// Reads a stage. Returns nothing, or the error.
std::optional<DecodeError> decode_stage(std::string_view json, const json::Limits& limits,
                                        std::size_t name_bytes_max, StageView& stage) {
  std::array<json::Value, stage_field_count> values;
  if (auto error =
          json::read_object("a stage", json, limits, {.keys = stage_keys, .values = values})) {
    return error;
  }
  json::FieldReader reader{stage_keys, values};
  stage.name = reader.name(stage_name, name_bytes_max, json::Presence::required).text();
  const std::string word =
      reader.name(stage_status, name_bytes_max, json::Presence::optional).text();
  stage.message = reader.text(stage_message).text();
  stage.started_timestamp_ms = reader.timestamp_ms(stage_started_at);
  stage.ended_timestamp_ms = reader.timestamp_ms(stage_ended_at);
  stage.status = parse_stage_status(word).value_or(
      stage.ended_timestamp_ms == 0 ? StageStatus::started : StageStatus::completed);
  return reader.error();
}

/// Reads the list of stages in `json`, an array or empty. Returns nothing, or the error.
std::optional<DecodeError> decode_stages(std::string_view json, const json::Limits& limits,
                                         std::size_t name_bytes_max,
                                         std::vector<StageView>& stages) {
  if (json.empty()) {
    return std::nullopt;
  }
  auto elements =
      json::read_array_of_objects("stages", json, limits, RegistrationLimits{}.stages_max);
  if (auto* error = std::get_if<DecodeError>(&elements)) {
    return std::move(*error);
  }
  for (const std::string_view element : *std::get_if<std::vector<std::string_view>>(&elements)) {
    if (auto error = decode_stage(element, limits, name_bytes_max, stages.emplace_back())) {
      return error;
    }
  }
  return std::nullopt;
}

/// Reads a view. Returns nothing, or the error.
std::optional<DecodeError> read_view(std::string_view json, const Workflow& workflow,
                                     const CodecLimits& limits, RegistrationView& view) {
  std::array<std::string_view, view_field_count> keys = view_keys;
  keys[view_instance_id] = workflow.id_member;
  std::array<json::Value, view_field_count> values;
  const json::Limits json_limits{.bytes_max = limits.stream_message_bytes_max,
                                 .depth_max = limits.depth_max};
  if (auto error =
          json::read_object("the snapshot", json, json_limits, {.keys = keys, .values = values})) {
    return error;
  }

  json::FieldReader reader{keys, values};
  if (workflow.id_kind == IdKind::integer) {
    view.registration_id = reader.integer_id(view_instance_id);
  } else {
    view.text_id = reader.text_id(view_instance_id).text();
  }
  view.status = reader.name(view_status, limits.name_bytes_max, json::Presence::optional).text();
  view.stage = reader.name(view_stage, limits.name_bytes_max, json::Presence::optional).text();
  view.message = reader.text(view_message).text();
  view.details = reader.raw(view_details, json::Kind::object);
  view.process_log = reader.raw(view_process_log, json::Kind::array);
  view.timestamp_ms = reader.timestamp_ms(view_timestamp);
  view.is_final = reader.boolean(view_is_final).value_or(workflow.is_final(view.status));
  view.has_ended = reader.boolean(view_has_ended).value_or(view.is_final) || view.is_final;
  view.has_gap = reader.boolean(view_has_gap).value_or(false);
  view.has_lost_history = reader.boolean(view_has_lost_history).value_or(false);
  view.has_more_stages = reader.boolean(view_has_more_stages).value_or(false);
  if (values[view_id].kind == json::Kind::string) {
    view.id = parse_event_id(values[view_id].raw);
  }
  const std::string_view stages = reader.raw(view_stages, json::Kind::array);
  if (reader.error()) {
    return reader.error();
  }
  return decode_stages(stages, json_limits, limits.name_bytes_max, view.stages);
}

}  // namespace

std::string encode_view(const RegistrationView& view) {
  return encode_view(view, registration_workflow());
}

std::string encode_view(const RegistrationView& view, const Workflow& workflow) {
  std::string out;
  json::ObjectWriter object{out};
  json::append_id(object, workflow, view.registration_id, view.text_id);
  object.string(view_keys[view_status], view.status);
  object.string_or_null(view_keys[view_stage], view.stage);
  object.key(view_keys[view_stages]);
  out.push_back('[');
  for (const StageView& stage : view.stages) {
    if (&stage != &view.stages.front()) {
      out.push_back(',');
    }
    append_stage(out, stage);
  }
  out.push_back(']');
  object.string(view_keys[view_message], view.message);
  object.raw_or_null(view_keys[view_details], view.details);
  object.raw_or_null(view_keys[view_process_log], view.process_log);
  object.integer(view_keys[view_timestamp], view.timestamp_ms);
  object.boolean(view_keys[view_is_final], view.is_final);
  object.boolean(view_keys[view_has_ended], view.has_ended);
  object.boolean(view_keys[view_has_gap], view.has_gap);
  if (view.has_lost_history) {
    object.boolean(view_keys[view_has_lost_history], true);
  }
  if (view.has_more_stages) {
    object.boolean(view_keys[view_has_more_stages], true);
  }
  object.key("progress");
  append_progress(out, progress_of(view, workflow));
  object.string_or_null(view_keys[view_id], view.id ? to_string(*view.id) : std::string{});
  object.end();
  return out;
}

std::variant<RegistrationView, DecodeError> decode_view(std::string_view json,
                                                        const CodecLimits& limits) {
  return decode_view(json, registration_workflow(), limits);
}

std::variant<RegistrationView, DecodeError> decode_view(std::string_view json,
                                                        const Workflow& workflow,
                                                        const CodecLimits& limits) {
  std::variant<RegistrationView, DecodeError> decoded;
  if (auto error = read_view(json, workflow, limits, *std::get_if<RegistrationView>(&decoded))) {
    decoded = *std::move(error);
  }
  return decoded;
}

}  // namespace regstream
