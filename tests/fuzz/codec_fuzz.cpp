#include <algorithm>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <regstream/message/codec.hpp>
#include <regstream/message/message_text.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/registration.hpp>

#include "check.hpp"
#include "document.hpp"
#include "input.hpp"
#include "update_judge.hpp"

// The codec, compared with nlohmann's document: what it reads from a text, and that it refuses
// exactly what the rules refuse. The first byte of the input chooses the limits ("1": small ones),
// the rest is the text.

namespace regstream::fuzz {
namespace {

/// Reads one object's members by the rules, and remembers whether a rule was broken.
class Judge {
 public:
  explicit Judge(const Json& object) : object_(object) {}

  [[nodiscard]] bool is_refused() const { return is_refused_; }

  std::int64_t registration_id() {
    const bool is_sent = has("registrationId");
    const Json id = is_sent ? id_number(object_.at("registrationId")) : Json{};
    is_refused_ = is_refused_ || id.is_null();
    return id.is_null() ? 0 : integer(id, true);
  }
  std::int64_t time(const char* key) {
    const Json* value = find(key, is_number, false);
    return value == nullptr ? 0 : integer(*value, false);
  }

  std::string text(const char* key, std::size_t bytes_max = std::string::npos,
                   bool is_required = false) {
    const Json* value = find(key, &Json::is_string, is_required);
    const std::string result = value == nullptr ? "" : value->get<std::string>();
    is_refused_ = is_refused_ || result.size() > bytes_max || (is_required && result.empty());
    return result;
  }

  /// Nothing if it was not sent, or is an unknown word.
  std::optional<StageStatus> stage_status(std::size_t bytes_max) {
    const std::string name = text("stageStatus", bytes_max);
    for (const StageStatus status : {StageStatus::started, StageStatus::completed,
                                     StageStatus::failed, StageStatus::skipped}) {
      if (name == to_string(status)) {
        return status;
      }
    }
    return std::nullopt;
  }

  /// Also nothing if the member is not an event id, because publishers have ids of their own.
  [[nodiscard]] std::optional<EventId> event_id() const {
    const bool is_text = has("id") && object_.at("id").is_string();
    return is_text ? parse_event_id(object_.at("id").get<std::string>()) : std::nullopt;
  }

  bool boolean(const char* key, bool otherwise) {
    const Json* value = find(key, &Json::is_boolean, false);
    return value == nullptr ? otherwise : value->get<bool>();
  }

  /// Checks that `raw` is the member's text in `source`, or empty if there is none.
  void check_raw(const char* key, std::string_view raw, std::string_view source) {
    check(raw.empty() == !has(key), "text is cut out exactly where there is some");
    if (!raw.empty()) {
      check(source.find(raw) != std::string_view::npos, "what is cut out stands so in the input");
      check(std::string_view{"{["}.find(raw.front()) != std::string_view::npos &&
                std::string_view{"}]"}.find(raw.back()) != std::string_view::npos,
            "what is cut out goes from bracket to bracket");
      check(parse(raw) == object_.at(key), "what is cut out is the member, by itself JSON");
    }
  }

  const Json* container(const char* key, bool (Json::*is_kind)() const noexcept,
                        bool is_required = false) {
    return find(key, is_kind, is_required);
  }

  [[nodiscard]] bool has(const char* key) const {
    return object_.contains(key) && !object_.at(key).is_null();
  }

 private:
  /// An id (an integer from 1), or a time (from 0, cut to milliseconds).
  std::int64_t integer(const Json& number, bool is_id) {
    const Decimal decimal = decimal_of(number_text(number));
    constexpr std::size_t digits_max = 18;  // Limits that every text fits.
    const std::int64_t whole = decimal.whole.empty()               ? 0
                               : decimal.whole.size() > digits_max ? integer_max + 1
                                                                   : std::stoll(decimal.whole);
    const bool is_negative = decimal.is_negative && (whole > 0 || decimal.has_rest);
    is_refused_ = is_refused_ || is_negative || whole > integer_max ||
                  (is_id && (whole < 1 || decimal.has_rest));
    return whole;
  }

  template <typename Predicate>
  const Json* find(const char* key, const Predicate& is_kind, bool is_required) {
    if (!has(key)) {
      is_refused_ = is_refused_ || is_required;
      return nullptr;
    }
    const Json& value = object_.at(key);
    if (std::invoke(is_kind, value)) {
      return &value;
    }
    is_refused_ = true;
    return nullptr;
  }

  const Json& object_;
  bool is_refused_ = false;
};

/// The decoded value, after a check that it was neither refused nor accepted wrongly.
template <typename Message>
const Message* agreed(const std::variant<Message, DecodeError>& result, bool is_refused,
                      bool is_valid_json) {
  const auto* error = std::get_if<DecodeError>(&result);
  check(error == nullptr || !error->what.empty(), "an error says why");
  check(error == nullptr || is_refused, "what the rules allow is accepted");
  check(error != nullptr || !is_refused, "what the rules forbid is refused");
  check(
      error == nullptr || !is_valid_json || error->what.find("not valid JSON") == std::string::npos,
      "valid JSON is not called invalid");
  return std::get_if<Message>(&result);
}

/// The document of a text that is an object within the limits; null otherwise.
const Json* object_within(const std::optional<Json>& document, std::string_view text,
                          std::size_t bytes_max, std::size_t depth_max) {
  const bool is_read =
      document && document->is_object() && text.size() <= bytes_max && depth_of(text) <= depth_max;
  return is_read ? &*document : nullptr;
}

bool is_same(const Update& left, const Update& right) {
  return left.registration_id == right.registration_id && left.text_id == right.text_id &&
         left.status == right.status && left.stage == right.stage &&
         left.message == right.message && left.details == right.details &&
         left.process_log == right.process_log && left.timestamp_ms == right.timestamp_ms &&
         left.id == right.id &&
         // Without a stage a stage status has no meaning, and is not sent.
         (left.stage.empty() || (left.stage_status == right.stage_status &&
                                 left.stage_status_word == right.stage_status_word));
}

template <typename Message>
Message accepted(std::variant<Message, DecodeError> result) {
  check(std::holds_alternative<Message>(result), "what was encoded can be decoded");
  return std::get<Message>(std::move(result));
}

/// Like registration's messages, but with text ids, and without inferred stage statuses.
const Workflow& text_workflow() {
  static const Workflow workflow = [] {
    Workflow other = registration_workflow();
    other.id_kind = IdKind::text;
    other.infer_stage_status = false;
    return other;
  }();
  return workflow;
}

void check_update(std::string_view bytes, const Workflow& workflow, const CodecLimits& limits) {
  const auto result = decode_update(bytes, workflow, limits);
  const MessageText mended{bytes, limits.message_bytes_max};
  const std::string_view text = mended.view();
  const auto document = parse(text);
  const Json* object = object_within(document, text, limits.message_bytes_max, limits.depth_max);
  if (object == nullptr) {
    agreed(result, true, document.has_value());
    return;
  }
  const UpdateJudge judge{*object, workflow, limits};
  const Update* update = agreed(result, judge.is_refused(), true);
  if (update == nullptr) {
    const auto& error = std::get<DecodeError>(result);
    check(error.registration_id == judge.expected().registration_id,
          "an error knows the registration that the message names");
    return;
  }
  judge.check_update(*update, text);
  const auto slices = decode_update_slices(text, workflow, limits);
  check(std::get<UpdateSlices>(slices).mistyped == judge.mistyped(),
        "members of another type are counted");

  // The replacement of an invalid byte or a lone surrogate is longer than the original.
  const Update again = accepted(decode_update(encode_update(*update, workflow), workflow));
  check(is_same(again, *update) && again.unknown == update->unknown,
        "an update survives being encoded");
  const std::string envelope = encode_update_envelope(text);
  const StreamMessage message = accepted(decode_stream_message(envelope, workflow));
  check(message.type == StreamMessageType::update &&
            text.find(message.data) != std::string_view::npos &&
            is_same(accepted(decode_update(message.data, workflow)), *update) &&
            is_same(to_update(message.update), *update),
        "an update survives being put into an envelope");
}

StageView read_stage(Judge& judge, std::size_t name_bytes_max) {
  StageView stage;
  stage.name = judge.text("stage", name_bytes_max, true);
  stage.message = judge.text("message");
  stage.started_timestamp_ms = judge.time("startedAt");
  stage.ended_timestamp_ms = judge.time("endedAt");
  stage.status =
      judge.stage_status(name_bytes_max)
          .value_or(stage.ended_timestamp_ms == 0 ? StageStatus::started : StageStatus::completed);
  return stage;
}

void check_view(std::string_view text, const std::optional<Json>& document,
                const CodecLimits& limits) {
  const auto result = decode_view(text, limits);
  const Json* object =
      object_within(document, text, limits.stream_message_bytes_max, limits.depth_max);
  if (object == nullptr) {
    agreed(result, true, document.has_value());
    return;
  }
  Judge judge{*object};
  RegistrationView expected;
  expected.registration_id = judge.registration_id();
  expected.status = judge.text("status", limits.name_bytes_max);
  expected.stage = judge.text("stage", limits.name_bytes_max);
  expected.message = judge.text("message");
  expected.timestamp_ms = judge.time("timestamp");
  expected.is_final = judge.boolean("isFinal", is_final(parse_status(expected.status)));
  expected.has_ended = judge.boolean("hasEnded", expected.is_final) || expected.is_final;
  expected.has_gap = judge.boolean("hasGap", false);
  expected.has_lost_history = judge.boolean("hasLostHistory", false);
  expected.has_more_stages = judge.boolean("hasMoreStages", false);
  expected.id = judge.event_id();
  judge.container("details", &Json::is_object);
  judge.container("processLog", &Json::is_array);
  bool is_refused = false;
  if (const Json* stages = judge.container("stages", &Json::is_array)) {
    is_refused = stages->size() > RegistrationLimits{}.stages_max;
    for (const Json& stage : *stages) {
      if (!stage.is_object()) {
        is_refused = true;
        continue;
      }
      Judge stage_judge{stage};
      expected.stages.push_back(read_stage(stage_judge, limits.name_bytes_max));
      is_refused = is_refused || stage_judge.is_refused();
    }
  }
  const RegistrationView* view = agreed(result, is_refused || judge.is_refused(), true);
  if (view == nullptr) {
    return;
  }
  judge.check_raw("details", view->details, text);
  judge.check_raw("processLog", view->process_log, text);
  expected.details = view->details;
  expected.process_log = view->process_log;
  check(*view == expected, "a view's fields are the document's");

  check(accepted(decode_view(encode_view(*view))) == *view, "a view survives being encoded");
  const std::string snapshot = encode_snapshot(*view, 1);
  const StreamMessage message = accepted(decode_stream_message(snapshot));
  check(message.type == StreamMessageType::snapshot && message.timestamp_ms == 1 &&
            accepted(decode_view(message.data)) == *view,
        "a view survives being put into a snapshot");
}

void check_stream_message(std::string_view text, const std::optional<Json>& document,
                          const CodecLimits& limits) {
  const auto result = decode_stream_message(text, limits);
  const Json* object =
      object_within(document, text, limits.stream_message_bytes_max, limits.depth_max + 1);
  if (object == nullptr) {
    agreed(result, true, document.has_value());
    return;
  }
  Judge judge{*object};
  const std::string type = judge.text("type", limits.name_bytes_max, true);
  const std::int64_t timestamp_ms = judge.time("timestamp");
  const bool needs_data = type == "update" || type == "snapshot";
  bool is_refused = false;
  if (needs_data) {
    const Json* content = judge.container("data", &Json::is_object, true);
    if (content != nullptr && type == "update") {
      is_refused = UpdateJudge{*content, registration_workflow(), limits}.is_refused();
    }
  }
  is_refused = is_refused || judge.is_refused();
  if (!is_refused && type == "update" && std::holds_alternative<DecodeError>(result)) {
    // The only rule that the document can't check: the length of the update's own text.
    check(text.size() > limits.message_bytes_max, "what the rules allow is accepted");
    return;
  }
  const StreamMessage* message = agreed(result, is_refused, true);
  if (message == nullptr) {
    return;
  }
  const bool is_control = type == "connected" || type == "reset" || type == "ping" ||
                          type == "end" || type == "token_expiring";
  check((message->type == StreamMessageType::other) == (!needs_data && !is_control),
        "a type that is known is told from others");
  check(message->timestamp_ms.has_value() == judge.has("timestamp") &&
            message->timestamp_ms.value_or(0) == timestamp_ms,
        "an envelope's time is the document's");
  if (judge.has("data") && object->at("data").is_object()) {
    judge.check_raw("data", message->data, text);
    check(message->data.data() >= text.data() &&
              message->data.data() + message->data.size() <= text.data() + text.size(),
          "an envelope's data is a view into the input");
  } else {
    check(message->data.empty(), "data that is no object is not kept");
  }
}

}  // namespace
}  // namespace regstream::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regstream::fuzz::Input input{data, size};
  regstream::CodecLimits limits;
  if (input.byte() == '1') {
    limits = {.message_bytes_max = 120,
              .depth_max = 4,
              .name_bytes_max = 8,
              .stream_message_bytes_max = 160};
  }
  const regstream::fuzz::ExactCopy copy{input.rest()};
  const auto document = regstream::fuzz::parse(copy.view());
  regstream::fuzz::check_update(copy.view(), regstream::registration_workflow(), limits);
  regstream::fuzz::check_update(copy.view(), regstream::fuzz::text_workflow(), limits);
  regstream::fuzz::check_view(copy.view(), document, limits);
  regstream::fuzz::check_stream_message(copy.view(), document, limits);
  return 0;
}
