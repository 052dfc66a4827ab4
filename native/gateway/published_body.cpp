#include "gateway/published_body.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>

#include "net/json_body.hpp"

namespace regstream::gateway {
namespace {

constexpr std::string_view white_space = " \t\r\n";

/// The body, an object, with `defaults` before its members: of a key given twice, the last one
/// counts.
std::string with_defaults(std::string_view body, std::string_view defaults) {
  const std::string_view rest = body.substr(body.find('{') + 1);
  const std::size_t first = rest.find_first_not_of(white_space);
  const bool is_empty = first != std::string_view::npos && rest[first] == '}';
  return std::string{"{"}.append(defaults).append(is_empty ? "" : ",").append(rest);
}

std::string json_string(const std::string& text) {
  return nlohmann::json(text).dump();
}

std::string member_of_id(const Workflow& workflow, const InstanceId& id) {
  return '"' + workflow.id_member + "\":" +
         (workflow.id_kind == IdKind::integer ? std::to_string(id.number) : json_string(id.text));
}

UnpublishableBody invalid(std::string detail) {
  return {std::move(detail) + ".", false};
}

/// The subscribers' error for a body with several updates. It helps the author more than a position
/// in the JSON grammar.
std::optional<std::string> several_updates(std::string_view body, const Workflow& workflow) {
  const auto decoded = decode_update_slices(body, workflow);
  const auto* const error = std::get_if<DecodeError>(&decoded);
  const bool is_several = error != nullptr && (error->reason == DropReason::array ||
                                               error->reason == DropReason::several_values);
  return is_several ? std::optional{error->what} : std::nullopt;
}

bool is_without_status(const std::variant<UpdateSlices, DecodeError>& decoded) {
  const auto* const error = std::get_if<DecodeError>(&decoded);
  return error != nullptr && error->reason == DropReason::status_missing;
}

UnpublishableBody too_large() {
  return {"The update must have at most " + std::to_string(published_bytes_max) + " bytes.", true};
}

}  // namespace

std::variant<std::string, UnpublishableBody> read_published_body(std::string_view body,
                                                                 const Workflow& workflow,
                                                                 const InstanceId& id,
                                                                 std::int64_t now_timestamp_ms) {
  if (body.size() > published_bytes_max) {
    return too_large();
  }
  if (auto problem = net::check_json_body(body)) {
    const auto several = several_updates(body, workflow);
    return several ? invalid(*several) : UnpublishableBody{std::move(problem->detail), false};
  }
  std::string defaults = member_of_id(workflow, id);
  std::string text = with_defaults(body, defaults);
  auto decoded = decode_update_slices(text, workflow);
  const bool has_status = !is_without_status(decoded);
  if (!has_status) {
    defaults.append(R"(,"status":)").append(json_string(workflow.stage_update_status));
    text = with_defaults(body, defaults);
    decoded = decode_update_slices(text, workflow);
  }
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    return invalid(error->what);
  }
  const auto& slices = std::get<UpdateSlices>(decoded);
  // Readers ignore such a member. But the author is here, and can mend it.
  if (slices.mistyped > 0) {
    return invalid(std::string{slices.mistyped_name} + " must be " +
                   std::string{slices.mistyped_expected});
  }
  Update update = to_update(slices);
  if (update.registration_id != id.number || update.text_id != id.text) {
    return invalid(workflow.id_member + " must be " +
                   (workflow.id_kind == IdKind::integer ? std::to_string(id.number) + ", as"
                                                        : std::string{"as"}) +
                   " in the path, or left out");
  }
  if (!has_status && update.stage.empty()) {
    return invalid("status is missing; it may be left out only where there is a stage");
  }
  if (!update.stage_status_word.empty()) {
    return invalid("stageStatus must be started, completed, failed or skipped");
  }
  if (update.timestamp_ms == 0) {
    update.timestamp_ms = now_timestamp_ms;
  }
  update.id.reset();
  std::string message = encode_update(update, workflow);
  if (message.size() > published_bytes_max) {
    return too_large();
  }
  const auto read = decode_update_slices(message, workflow, broker::published_limits);
  if (const auto* const error = std::get_if<DecodeError>(&read)) {
    return invalid(error->what);
  }
  return message;
}

}  // namespace regstream::gateway
