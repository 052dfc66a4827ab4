#include "harness/step_reader.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/sse/encoder.hpp>

#include "harness/duration_field.hpp"
#include "net/letter_case.hpp"

namespace regstream::harness {
namespace {

constexpr std::size_t bytes_max = 1U << 30U;
// More than a client accepts in one event, and less than one may leave unread.
constexpr std::size_t filler_bytes_max = 6U << 20U;
// The fastest pings, because a jump of virtual time sends all of them.
constexpr Duration ping_interval_min{100};

std::string event_bytes(const Field& field, const sse::OutgoingEvent& event) {
  std::string bytes;
  if (sse::append_event(bytes, event)) {
    field.fail(
        "has an id or a type with a line end or NUL, which would break out of its line; "
        R"(send such bytes with "raw")");
  }
  return bytes;
}

SendBytes read_update(const Field& update, const std::optional<Field>& id) {
  const std::string text = update.json().dump();
  const auto decoded = decode_update_slices(text);
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    update.fail(R"(is not an update (send other data with "event"): )" + error->what);
  }
  const auto& slices = std::get<UpdateSlices>(decoded);
  const std::string event_id = id ? id->text() : slices.id ? to_string(*slices.id) : std::string();
  const std::string envelope = encode_update_envelope(text);
  return {event_bytes(update, {.data = envelope, .type = {}, .id = event_id})};
}

SendBytes read_snapshot(const Field& snapshot, const std::optional<Field>& id) {
  const std::string text = snapshot.json().dump();
  const auto decoded = decode_view(text);
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    snapshot.fail(R"(is not a snapshot (send other data with "event"): )" + error->what);
  }
  const std::string event_id = id ? id->text() : std::string();
  const std::string data = R"({"type":"snapshot","data":)" + text + "}";
  return {event_bytes(snapshot, {.data = data, .type = {}, .id = event_id})};
}

SendBytes read_event(const Field& event) {
  event.expect_object({"data", "type", "id"});
  const auto member = [&event](std::string_view name) {
    const auto found = event.member(name);
    return found ? found->text() : std::string();
  };
  const std::string data = member("data");
  const std::string type = member("type");
  const std::string id = member("id");
  return {event_bytes(event, {.data = data, .type = type, .id = id})};
}

SendControl read_control(const Field& control, const std::optional<Field>& id) {
  SendControl result;
  const std::string name = control.text();
  if (name == "connected") {
    result.message = ControlMessage::connected;
  } else if (name == "ping") {
    result.message = ControlMessage::ping;
  } else if (name == "reset") {
    result.message = ControlMessage::reset;
  } else {
    control.fail(R"(must be "connected", "ping" or "reset")");
  }
  if (id) {
    result.id = id->text();
    static_cast<void>(event_bytes(*id, {.data = {}, .type = {}, .id = result.id}));
  }
  return result;
}

std::optional<unsigned> hex_digit(char digit) {
  const char lower = net::ascii_lower(digit);
  if (lower >= '0' && lower <= '9') {
    return static_cast<unsigned>(lower - '0');
  }
  return lower >= 'a' && lower <= 'f' ? std::optional(static_cast<unsigned>(lower - 'a' + 10))
                                      : std::nullopt;
}

SendBytes read_hex(const Field& hex) {
  SendBytes result;
  std::optional<unsigned> high;
  for (const char character : hex.text()) {
    const auto digit = hex_digit(character);
    if (!digit && (character != ' ' || high)) {
      hex.fail(R"(must be bytes of two hex digits each: "ef bb bf")");
    }
    if (digit && high) {
      result.bytes += static_cast<char>(*high * 16 + *digit);
    }
    high = high ? std::nullopt : digit;
  }
  if (high) {
    hex.fail("ends within a byte");
  }
  return result;
}

SetChunks read_chunk(const Field& chunk) {
  if (!chunk.json().is_object()) {
    return {.bytes = chunk.count(0, bytes_max), .every = {}};
  }
  chunk.expect_object({"bytes", "every"});
  const auto bytes = chunk.member("bytes");
  if (!bytes) {
    chunk.fail(R"(needs "bytes")");
  }
  const auto every = chunk.member("every");
  return {.bytes = bytes->count(1, bytes_max),
          .every = every ? read_duration(*every) : Duration(0)};
}

SetPings read_pings(const Field& pings) {
  if (pings.is_false()) {
    return {};
  }
  const Duration every = read_duration(pings);
  if (every < ping_interval_min) {
    pings.fail("must not come more often than every 100ms");
  }
  return {every};
}

Break read_break(const Field& field, BreakKind kind) {
  if (!field.json().is_object()) {
    field.expect_true();
    return {.kind = kind, .after_bytes = std::nullopt};
  }
  field.expect_object({"afterBytes"});
  const auto after = field.member("afterBytes");
  if (!after) {
    field.fail(R"(needs "afterBytes")");
  }
  return {.kind = kind, .after_bytes = after->count(0, bytes_max)};
}

std::string retry_bytes(const Field& retry) {
  std::string bytes;
  sse::append_retry(bytes, read_duration(retry));
  return bytes;
}

std::string comment_bytes(const Field& comment) {
  std::string bytes;
  sse::append_comment(bytes, comment.text());
  return bytes;
}

constexpr std::array<std::string_view, 9> sending_actions = {
    "update", "snapshot", "event", "control", "comment", "retry", "raw", "hex", "filler"};
constexpr std::array<std::string_view, 7> other_actions = {"chunk", "hold",  "pings", "silence",
                                                           "cut",   "reset", "end"};

StepAction read_sending_action(const Field& field, std::string_view name,
                               const std::optional<Field>& id) {
  if (name == "update") {
    return read_update(field, id);
  }
  if (name == "snapshot") {
    return read_snapshot(field, id);
  }
  if (name == "control") {
    return read_control(field, id);
  }
  if (id) {
    id->fail(R"(goes with "update", "snapshot" and "control" only)");
  }
  if (name == "event") {
    return read_event(field);
  }
  if (name == "comment") {
    return SendBytes{comment_bytes(field)};
  }
  if (name == "retry") {
    return SendBytes{retry_bytes(field)};
  }
  if (name == "raw") {
    return SendBytes{field.text()};
  }
  if (name == "filler") {
    return SendBytes{std::string(field.count(1, filler_bytes_max), 'x')};
  }
  return read_hex(field);
}

StepAction read_other_action(const Field& field, std::string_view name,
                             const std::optional<Field>& id) {
  if (id) {
    id->fail(R"(goes with "update", "snapshot" and "control" only)");
  }
  if (name == "chunk") {
    return read_chunk(field);
  }
  if (name == "hold") {
    return SetHold{field.count(0, bytes_max)};
  }
  if (name == "pings") {
    return read_pings(field);
  }
  if (name == "cut") {
    return read_break(field, BreakKind::cut);
  }
  if (name == "reset") {
    return read_break(field, BreakKind::reset);
  }
  field.expect_true();
  if (name == "silence") {
    return Silence{};
  }
  return End{};
}

// The one action among the members of a step.
// The one action among the members of a step.
template <std::size_t Count>
std::optional<std::string_view> find_action(const Field& step,
                                            const std::array<std::string_view, Count>& names) {
  std::optional<std::string_view> found;
  for (const std::string_view name : names) {
    const auto member = step.member(name);
    if (member && found) {
      member->fail("can't share a step with " + std::string(*found) + ": write two steps");
    }
    if (member) {
      found = name;
    }
  }
  return found;
}

Step read_step(const Field& step) {
  step.expect_object({"after", "id", "update", "snapshot", "event", "control", "comment", "retry",
                      "raw", "hex", "filler", "chunk", "hold", "pings", "silence", "cut", "reset",
                      "end"});
  Step result;
  if (const auto after = step.member("after")) {
    result.after = read_duration(*after);
  }
  const auto id = step.member("id");
  const auto sending = find_action(step, sending_actions);
  const auto other = find_action(step, other_actions);
  if (sending && other) {
    step.member(*other)->fail("can't share a step with " + std::string(*sending) +
                              ": write two steps");
  }
  if (!sending && !other) {
    step.fail(
        "does nothing: it needs one of update, snapshot, event, control, comment, retry, "
        "raw, hex, filler, chunk, hold, pings, silence, cut, reset and end");
  }
  result.action = sending ? read_sending_action(*step.member(*sending), *sending, id)
                          : read_other_action(*step.member(*other), *other, id);
  return result;
}

bool ends_the_script(const StepAction& action) {
  if (const auto* const found = std::get_if<Break>(&action)) {
    return !found->after_bytes;
  }
  return std::holds_alternative<Silence>(action) || std::holds_alternative<End>(action);
}

}  // namespace

std::vector<Step> read_steps(const Field& steps) {
  std::vector<Step> result;
  for (const Field& step : steps.elements()) {
    if (!result.empty() && ends_the_script(result.back().action)) {
      step.fail("is never reached: the step before it is the last thing that happens");
    }
    result.push_back(read_step(step));
  }
  return result;
}

StepAction read_sending_member(const Field& command) {
  const auto name = find_action(command, sending_actions);
  if (!name) {
    command.fail(
        "sends nothing: it needs one of update, snapshot, event, control, comment, retry, raw, "
        "hex and filler");
  }
  return read_sending_action(*command.member(*name), *name, command.member("id"));
}

}  // namespace regstream::harness
