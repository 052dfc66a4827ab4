#include <regstream/publisher/update_message.hpp>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <variant>
#include <vector>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>

namespace regstream {
namespace {

void require(bool condition, const std::string& what) {
  if (!condition) {
    throw std::invalid_argument(what);
  }
}

void require_id(const Workflow& workflow, const InstanceId& id) {
  if (!is_id(workflow, id)) {
    throw std::invalid_argument("the " + workflow.name + "'s id must be " +
                                std::string{id_expected(workflow)});
  }
}

/// The statuses that end an instance, as a list such as "A, B or C".
std::string final_statuses(const Workflow& workflow) {
  std::vector<std::string_view> names;
  for (const WorkflowStatus& status : workflow.statuses) {
    if (status.kind != StatusKind::open) {
      names.push_back(status.name);
    }
  }
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    text.append(index == 0 ? "" : index + 1 == names.size() ? " or " : ", ").append(names[index]);
  }
  return text;
}

constexpr const char* details_expected = "the details must be a JSON object";
constexpr const char* process_log_expected = "the process log must be a JSON array";
constexpr const char* both_expected =
    "the details must be a JSON object, and the process log a JSON array";

/// What the caller's JSON texts must be, if the message is not JSON: everything else in it is
/// encoded here.
const char* json_expected(const Update& update) {
  if (update.process_log.empty()) {
    return details_expected;
  }
  return update.details.empty() ? process_log_expected : both_expected;
}

/// A JSON text without surrounding white space.
std::string_view trim(std::string_view json) {
  constexpr std::string_view white_space = " \t\r\n";
  json.remove_prefix(std::min(json.find_first_not_of(white_space), json.size()));
  return json.substr(0, json.find_last_not_of(white_space) + 1);
}

/// Checks that subscribers accept the whole message, with their own decoder.
std::string checked(const Update& update, const Workflow& workflow) {
  std::string message = encode_update(update, workflow);
  const auto decoded = decode_update_slices(message, workflow, broker::published_limits);
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    // `{}}{"a":{}` as details would make two values of the message.
    const bool is_broken =
        error->reason == DropReason::not_json || error->reason == DropReason::several_values;
    throw std::invalid_argument(is_broken ? json_expected(update) : error->what);
  }
  const auto& read = std::get<UpdateSlices>(decoded);
  // Compared byte by byte, so that details can't add members, as `{},"id":"1-1"` would.
  require(read.details.view() == trim(update.details), details_expected);
  require(read.process_log.view() == trim(update.process_log), process_log_expected);
  if (read.mistyped > 0) {
    throw std::invalid_argument(std::string{read.mistyped_name} + " must be " +
                                std::string{read.mistyped_expected});
  }
  return message;
}

}  // namespace

std::string_view id_expected(const Workflow& workflow) {
  return workflow.id_kind == IdKind::integer
             ? "from 1 to 2^53 - 1"
             : "text: 1 to 128 bytes of UTF-8 without control characters, and not *";
}

bool is_id(const Workflow& workflow, const InstanceId& id) {
  if (workflow.id_kind == IdKind::integer) {
    return id.number >= 1 && id.number <= integer_id_max && id.text.empty();
  }
  return id.number == 0 && is_text_id(id.text);
}

std::string make_stage_update(const Workflow& workflow, const InstanceId& id,
                              std::string_view stage, StageStatus stage_status,
                              std::string_view message, std::int64_t timestamp_ms) {
  require_id(workflow, id);
  require(!stage.empty(),
          "the stage must have a name" +
              (workflow.stages.empty() ? "" : ", such as " + workflow.stages.front().name));
  return checked({.registration_id = id.number,
                  .status = workflow.stage_update_status,
                  .stage = std::string{stage},
                  .stage_status = stage_status,
                  .message = std::string{message},
                  .details = {},
                  .process_log = {},
                  .timestamp_ms = timestamp_ms,
                  .text_id = id.text},
                 workflow);
}

std::string make_stage_update(std::int64_t registration_id, std::string_view stage,
                              StageStatus stage_status, std::string_view message,
                              std::int64_t timestamp_ms) {
  return make_stage_update(registration_workflow(), registration_id, stage, stage_status, message,
                           timestamp_ms);
}

std::string make_final_status(const Workflow& workflow, const InstanceId& id,
                              std::string_view status, std::string_view message,
                              std::string_view details, std::string_view process_log,
                              std::int64_t timestamp_ms) {
  require_id(workflow, id);
  require(workflow.is_final(status), "the final status must be " + final_statuses(workflow));
  return checked({.registration_id = id.number,
                  .status = std::string{status},
                  .stage = {},
                  .stage_status = {},
                  .message = std::string{message},
                  .details = std::string{details},
                  .process_log = std::string{process_log},
                  .timestamp_ms = timestamp_ms,
                  .text_id = id.text},
                 workflow);
}

std::string make_final_status(std::int64_t registration_id, Status status, std::string_view message,
                              std::string_view details, std::string_view process_log,
                              std::int64_t timestamp_ms) {
  return make_final_status(registration_workflow(), registration_id, to_string(status), message,
                           details, process_log, timestamp_ms);
}

}  // namespace regstream
