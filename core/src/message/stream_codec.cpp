#include <array>
#include <utility>

#include <regstream/message/codec.hpp>
#include <regstream/workflow/registration.hpp>

#include "message/field_reader.hpp"
#include "message/json_number.hpp"
#include "message/json_reader.hpp"
#include "message/json_writer.hpp"
#include "message/update_members.hpp"

namespace regstream {
namespace {

enum StreamField : std::size_t {
  stream_type,
  stream_data,
  stream_timestamp,
  stream_id,
  stream_expires_in,
  stream_field_count
};

constexpr std::array<std::string_view, stream_field_count> stream_keys{"type", "data", "timestamp",
                                                                       "id", "expiresInMs"};

constexpr std::array<std::pair<StreamMessageType, std::string_view>, 7> type_names{{
    {StreamMessageType::connected, "connected"},
    {StreamMessageType::update, "update"},
    {StreamMessageType::snapshot, "snapshot"},
    {StreamMessageType::reset, "reset"},
    {StreamMessageType::end, "end"},
    {StreamMessageType::ping, "ping"},
    {StreamMessageType::token_expiring, "token_expiring"},
}};

StreamMessageType parse_type(std::string_view name) {
  for (const auto& [value, known] : type_names) {
    if (known == name) {
      return value;
    }
  }
  return StreamMessageType::other;
}

std::string encode_control(std::string_view name, std::int64_t timestamp_ms) {
  std::string out;
  json::ObjectWriter object{out};
  object.string(stream_keys[stream_type], name);
  object.integer(stream_keys[stream_timestamp], timestamp_ms);
  object.end();
  return out;
}

}  // namespace

std::variant<StreamMessage, DecodeError> decode_stream_message(std::string_view json,
                                                               const CodecLimits& limits) {
  return decode_stream_message(json, registration_workflow(), limits);
}

std::variant<StreamMessage, DecodeError> decode_stream_message(std::string_view json,
                                                               const Workflow& workflow,
                                                               const CodecLimits& limits) {
  std::variant<StreamMessage, DecodeError> decoded;
  if (auto error =
          decode_stream_message(json, workflow, *std::get_if<StreamMessage>(&decoded), limits)) {
    decoded = *std::move(error);
  }
  return decoded;
}

std::optional<DecodeError> decode_stream_message(std::string_view json, const Workflow& workflow,
                                                 StreamMessage& message,
                                                 const CodecLimits& limits) {
  message = StreamMessage{};
  std::array<json::Value, stream_field_count> values;
  json::UpdateMembers members{workflow};
  const json::Nested nested{.index = stream_data, .wanted = json::wanted_of_update(members)};
  // The envelope is one more level: a message at the channel's limit must get through.
  if (auto error = json::read_object(
          "the event", json,
          {.bytes_max = limits.stream_message_bytes_max, .depth_max = limits.depth_max + 1},
          {.keys = stream_keys, .values = values}, &nested)) {
    return error;
  }

  json::FieldReader reader{stream_keys, values};
  const JsonString name = reader.name(stream_type, limits.name_bytes_max, json::Presence::required);
  message.type = name.has_escapes ? parse_type(name.text()) : parse_type(name.raw);
  if (values[stream_timestamp].kind != json::Kind::null) {
    message.timestamp_ms = reader.timestamp_ms(stream_timestamp);
  }
  const bool needs_data =
      message.type == StreamMessageType::update || message.type == StreamMessageType::snapshot;
  if (needs_data || values[stream_data].kind == json::Kind::object) {
    message.data = reader.raw(stream_data, json::Kind::object);
  }
  if (message.type == StreamMessageType::end) {
    message.end_id = parse_event_id(reader.text(stream_id).text());
    if (!message.end_id && !reader.error()) {
      return DecodeError{.what = "id must be an event id in an end",
                         .reason = DropReason::not_an_object};
    }
  }
  if (message.type == StreamMessageType::token_expiring &&
      values[stream_expires_in].kind == json::Kind::number) {
    message.expires_in = Duration{json::to_integer(values[stream_expires_in].raw).value};
  }
  if (reader.error()) {
    return reader.error();
  }
  if (needs_data && message.data.empty()) {
    return DecodeError{.what = "data must be a JSON object in an update or snapshot",
                       .reason = DropReason::not_an_object};
  }
  if (message.type == StreamMessageType::update) {
    if (message.data.size() > limits.message_bytes_max) {
      return DecodeError{.what = "data is too long for an update", .reason = DropReason::too_long};
    }
    return json::update_of(members, limits, message.update);
  }
  return std::nullopt;
}

std::string encode_connected(std::int64_t timestamp_ms) {
  return encode_control("connected", timestamp_ms);
}

std::string encode_ping(std::int64_t timestamp_ms) {
  return encode_control("ping", timestamp_ms);
}

std::string encode_reset(std::int64_t timestamp_ms) {
  return encode_control("reset", timestamp_ms);
}

std::string encode_token_expiring(std::int64_t timestamp_ms, Duration time_left) {
  std::string out;
  json::ObjectWriter object{out};
  object.string(stream_keys[stream_type], "token_expiring");
  object.integer(stream_keys[stream_timestamp], timestamp_ms);
  object.integer(stream_keys[stream_expires_in], time_left.count());
  object.end();
  return out;
}

std::string encode_end(const EventId& final_update, std::int64_t timestamp_ms) {
  std::string out;
  json::ObjectWriter object{out};
  object.string(stream_keys[stream_type], "end");
  object.string("id", to_string(final_update));
  object.integer(stream_keys[stream_timestamp], timestamp_ms);
  object.end();
  return out;
}

std::string encode_update_envelope(std::string_view update_json) {
  std::string out;
  out.reserve(update_envelope_opening.size() + update_json.size() + update_envelope_closing.size());
  out.append(update_envelope_opening).append(update_json).append(update_envelope_closing);
  return out;
}

std::string encode_snapshot(const RegistrationView& view, std::int64_t timestamp_ms) {
  return encode_snapshot(view, registration_workflow(), timestamp_ms);
}

std::string encode_snapshot(const RegistrationView& view, const Workflow& workflow,
                            std::int64_t timestamp_ms) {
  std::string out;
  json::ObjectWriter object{out};
  object.string(stream_keys[stream_type], "snapshot");
  object.raw_or_null(stream_keys[stream_data], encode_view(view, workflow));
  object.integer(stream_keys[stream_timestamp], timestamp_ms);
  object.end();
  return out;
}

}  // namespace regstream
