#include <regstream/publisher/update_message.hpp>

#include <stdexcept>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

#include <regstream/broker/publish_limits.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>

namespace regstream {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    throw std::invalid_argument(what);
  }
}

bool is_id(std::int64_t registration_id) {
  return registration_id >= 1 && registration_id <= registration_id_max;
}
constexpr const char* id_expected = "the registration's id must be from 1 to 2^53 - 1";

/// `opening` is the bracket that a JSON text of the wanted kind begins with.
bool is_json(std::string_view text, char opening) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == opening && nlohmann::json::accept(text);
}

/// The message, if subscribers take it: their own decoder says so.
std::string checked(std::string message) {
  const auto update = decode_update_slices(message, broker::published_limits);
  if (const auto* const error = std::get_if<DecodeError>(&update)) {
    throw std::invalid_argument(error->what);
  }
  return message;
}

}  // namespace

std::string make_stage_update(std::int64_t registration_id, std::string_view stage,
                              StageStatus stage_status, std::string_view message,
                              std::int64_t timestamp_ms) {
  require(is_id(registration_id), id_expected);
  require(!stage.empty(), "the stage must have a name, such as t24_lookup");
  return checked(encode_update({.registration_id = registration_id,
                                .status = std::string{to_string(Status::pending)},
                                .stage = std::string{stage},
                                .stage_status = stage_status,
                                .message = std::string{message},
                                .details = {},
                                .process_log = {},
                                .timestamp_ms = timestamp_ms}));
}

std::string make_final_status(std::int64_t registration_id, Status status, std::string_view message,
                              std::string_view details, std::string_view process_log,
                              std::int64_t timestamp_ms) {
  require(is_id(registration_id), id_expected);
  require(is_final(status), "the final status must be APPROVED, DUPLICATE, FAILED or COMPLETED");
  require(details.empty() || is_json(details, '{'), "the details must be a JSON object");
  require(process_log.empty() || is_json(process_log, '['), "the process log must be a JSON array");
  return checked(encode_update({.registration_id = registration_id,
                                .status = std::string{to_string(status)},
                                .stage = {},
                                .stage_status = {},
                                .message = std::string{message},
                                .details = std::string{details},
                                .process_log = std::string{process_log},
                                .timestamp_ms = timestamp_ms}));
}

}  // namespace regstream
