#include "harness/scenario_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <regstream/message/codec.hpp>
#include <regstream/message/event_id.hpp>
#include <regstream/sse/encoder.hpp>

#include "net/letter_case.hpp"

namespace regstream::harness {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t times_max = 1'000'000;
constexpr std::size_t bytes_max = 1U << 30U;

// How this file tells itself that it can't go on; `read` below catches it.
struct Refused {
  JsonProblem problem;
};

// Durations that a person reads at a glance; a bare number would leave the unit open.
std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits == 9) {
      return std::nullopt;
    }
    count = count * 10 + (text[digits] - '0');
  }
  const std::string_view unit = text.substr(digits);
  if (digits == 0) {
    return std::nullopt;
  }
  if (unit == "ms") {
    return Duration(count);
  }
  if (unit == "s") {
    return std::chrono::seconds(count);
  }
  if (unit == "m") {
    return std::chrono::minutes(count);
  }
  if (unit == "h") {
    return std::chrono::hours(count);
  }
  return std::nullopt;
}

// "a, b and c"
std::string listed(std::initializer_list<std::string_view> names) {
  std::string text;
  std::size_t left = names.size();
  for (const std::string_view name : names) {
    --left;
    text.append(name).append(left > 1 ? ", " : left == 1 ? " and " : "");
  }
  return text;
}

/// A value of the file that knows its place.
class Field {
 public:
  Field(const Json& value, std::string name, const JsonLines& lines)
      : value_(&value), name_(std::move(name)), lines_(&lines) {}

  [[noreturn]] void fail(std::string what) const {
    const auto line = lines_->find(name_);
    throw Refused{{.line = line == lines_->end() ? 1 : line->second,
                   .field = name_,
                   .what = std::move(what)}};
  }

  [[nodiscard]] const Json& json() const { return *value_; }

  /// Refuses what is no object, and members that nobody would look at.
  void expect_object(std::initializer_list<std::string_view> names) const {
    expect_any_object();
    for (const auto& [name, value] : value_->items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        Field(value, member_field(name_, name), *lines_)
            .fail("is not known here; known are " + listed(names));
      }
    }
  }
  void expect_any_object() const {
    if (!value_->is_object()) {
      fail("must be an object");
    }
  }

  [[nodiscard]] std::optional<Field> member(std::string_view name) const {
    const auto found = value_->find(name);
    return found == value_->end()
               ? std::nullopt
               : std::optional(Field(*found, member_field(name_, name), *lines_));
  }
  [[nodiscard]] std::vector<Field> elements() const {
    if (!value_->is_array()) {
      fail("must be an array");
    }
    std::vector<Field> result;
    for (const Json& value : *value_) {
      result.emplace_back(value, element_field(name_, result.size()), *lines_);
    }
    return result;
  }

  [[nodiscard]] std::string text() const {
    if (!value_->is_string()) {
      fail("must be a string");
    }
    return value_->get<std::string>();
  }
  [[nodiscard]] bool is_true() const { return value_->is_boolean() && value_->get<bool>(); }
  [[nodiscard]] bool is_false() const { return value_->is_boolean() && !value_->get<bool>(); }
  void expect_true() const {
    if (!is_true()) {
      fail("must be true; leave it out otherwise");
    }
  }
  [[nodiscard]] std::size_t count(std::size_t least, std::size_t most) const {
    const bool is_count = value_->is_number_unsigned();
    const std::uint64_t number = is_count ? value_->get<std::uint64_t>() : 0;
    if (!is_count || number < least || number > most) {
      fail("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return static_cast<std::size_t>(number);
  }
  [[nodiscard]] Duration duration() const {
    const auto result =
        value_->is_string() ? parse_duration(value_->get<std::string>()) : std::nullopt;
    if (!result) {
      fail(R"(must be a duration such as "250ms", "2s", "5m" or "1h")");
    }
    if (*result > duration_max) {
      fail("must not be longer than 24h");
    }
    return *result;
  }

 private:
  const Json* value_;
  std::string name_;
  const JsonLines* lines_;
};

bool is_token(std::string_view text) {  // RFC 9110, 5.6.2
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= '0' && character <= '9') ||
           (net::ascii_lower(character) >= 'a' && net::ascii_lower(character) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(character) != std::string_view::npos;
  });
}

bool is_field_value(std::string_view text) {  // RFC 9110, 5.5
  return std::none_of(text.begin(), text.end(), [](char character) {
    const auto byte = static_cast<unsigned char>(character);
    return (byte < 0x20 && character != '\t') || byte == 0x7f;
  });
}

std::vector<HeaderField> read_headers(const Field& headers) {
  headers.expect_any_object();
  std::vector<HeaderField> result;
  for (const auto& [name, value] : headers.json().items()) {
    const Field field = *headers.member(name);
    const std::string text = field.text();
    if (!is_token(name)) {
      field.fail("has a name that no header field can have");
    }
    if (!is_field_value(text)) {
      field.fail("has control characters, which no header field can have");
    }
    result.push_back({name, text});
  }
  return result;
}

Answer read_answer_members(const Field& answer) {
  Answer result;
  if (const auto after = answer.member("after")) {
    result.after = after->duration();
  }
  if (const auto status = answer.member("status")) {
    result.status = static_cast<unsigned>(status->count(200, 599));
  }
  if (const auto headers = answer.member("headers")) {
    result.headers = read_headers(*headers);
    for (const HeaderField& field : result.headers) {
      if (net::equals_ignoring_case(field.name, "transfer-encoding")) {
        headers->member(field.name)->fail(R"(is written by "framing": "chunked")");
      }
    }
  }
  if (const auto body = answer.member("body")) {
    result.body = body->text();
  }
  if (const auto framing = answer.member("framing")) {
    const std::string name = framing->text();
    if (name != "close" && name != "chunked") {
      framing->fail(R"(must be "close" or "chunked")");
    }
    result.framing = name == "chunked" ? Framing::chunked : Framing::close;
  }
  return result;
}

std::variant<Answer, Refusal> read_answer(const Field& answer) {
  if (answer.json().is_string()) {
    const std::string name = answer.text();
    if (name != "close" && name != "reset") {
      answer.fail(R"(must be an object, "close" or "reset")");
    }
    return name == "close" ? Refusal::close : Refusal::reset;
  }
  answer.expect_object({"after", "status", "headers", "body", "framing"});
  return read_answer_members(answer);
}

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
    update.fail(R"(is no update (send other data with "event"): )" + error->what);
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
    snapshot.fail(R"(is no snapshot (send other data with "event"): )" + error->what);
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
  return {.bytes = bytes->count(1, bytes_max), .every = every ? every->duration() : Duration(0)};
}

SetPings read_pings(const Field& pings) {
  if (pings.is_false()) {
    return {};
  }
  const Duration every = pings.duration();
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
  sse::append_retry(bytes, retry.duration());
  return bytes;
}

std::string comment_bytes(const Field& comment) {
  std::string bytes;
  sse::append_comment(bytes, comment.text());
  return bytes;
}

constexpr std::array<std::string_view, 8> sending_actions = {
    "update", "snapshot", "event", "control", "comment", "retry", "raw", "hex"};
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
                      "raw", "hex", "chunk", "hold", "pings", "silence", "cut", "reset", "end"});
  Step result;
  if (const auto after = step.member("after")) {
    result.after = after->duration();
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
        "raw, hex, chunk, hold, pings, silence, cut, reset and end");
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

When read_when(const Field& when) {
  when.expect_object({"method", "path", "lastEventId", "headers"});
  When result;
  if (const auto method = when.member("method")) {
    result.method = method->text();
    if (!is_token(*result.method)) {
      method->fail("is no method");
    }
  }
  if (const auto path = when.member("path")) {
    result.path = path->text();
    if (result.path->empty() || result.path->front() != '/') {
      path->fail("must begin with /");
    }
    if (result.path->find('?') != std::string::npos) {
      path->fail("must have no query");
    }
    if (*result.path == "/mock" || result.path->rfind("/mock/", 0) == 0) {
      path->fail("belongs to the control API");
    }
  }
  if (const auto id = when.member("lastEventId")) {
    result.last_event_id = id->json().is_null() ? std::string() : id->text();
  }
  if (const auto headers = when.member("headers")) {
    result.headers = read_headers(*headers);
  }
  return result;
}

void read_answer_and_steps(const Field& script, Script& result) {
  if (const auto answer = script.member("answer")) {
    result.answer = read_answer(*answer);
  }
  const auto steps = script.member("steps");
  if (!steps) {
    const auto* const answer = std::get_if<Answer>(&result.answer);
    if (answer != nullptr && !script.member("answer")) {
      script.fail(R"(needs "answer", "steps" or both)");
    }
    return;
  }
  const auto* const answer = std::get_if<Answer>(&result.answer);
  if (answer == nullptr) {
    steps->fail("are never played: the answer closes the connection");
  }
  if (!answer->body.empty()) {
    steps->fail("can't follow an answer with a body of its own");
  }
  if (answer->status == 204 || answer->status == 304) {
    steps->fail("can't follow an answer that has no body by its status");
  }
  result.steps = read_steps(*steps);
}

bool takes_everything(const Script& script) {
  return !script.times && !script.when.method && !script.when.path && !script.when.last_event_id &&
         script.when.headers.empty();
}

Scenario read_whole_scenario(const Field& file) {
  file.expect_object({"description", "connections", "default"});
  Scenario scenario;
  if (const auto description = file.member("description")) {
    scenario.description = description->text();
  }
  const auto connections = file.member("connections");
  if (!connections) {
    file.fail(R"(needs "connections")");
  }
  for (const Field& connection : connections->elements()) {
    if (!scenario.connections.empty() && takes_everything(*scenario.connections.back())) {
      connection.fail(
          "is never reached: the one before it takes every request; give that one "
          R"("when" or "times")");
    }
    connection.expect_object({"when", "times", "answer", "steps"});
    Script script;
    script.name = element_field("connections", scenario.connections.size());
    if (const auto when = connection.member("when")) {
      script.when = read_when(*when);
    }
    if (const auto times = connection.member("times")) {
      script.times = times->count(1, times_max);
    }
    read_answer_and_steps(connection, script);
    scenario.connections.push_back(std::make_shared<const Script>(std::move(script)));
  }
  Script fallback;
  fallback.name = "default";
  fallback.answer = Answer{.after = Duration(0), .status = 404, .headers = {}, .body = {}};
  if (const auto given = file.member("default")) {
    given->expect_object({"answer", "steps"});
    fallback.answer = Answer{};
    read_answer_and_steps(*given, fallback);
  }
  scenario.fallback = std::make_shared<const Script>(std::move(fallback));
  return scenario;
}

std::optional<ConnectionNumber> read_connection(const Field& command) {
  const auto connection = command.member("connection");
  return connection ? std::optional<ConnectionNumber>(
                          connection->count(1, std::numeric_limits<std::uint32_t>::max()))
                    : std::nullopt;
}

/// Reads a whole text by `read_root`, which throws `Refused`.
template <typename Result>
std::variant<Result, JsonProblem> read(std::string_view text, Result (*read_root)(const Field&)) {
  auto lines = read_json_lines(text);
  if (auto* const problem = std::get_if<JsonProblem>(&lines)) {
    return std::move(*problem);
  }
  // It has been read once, and is valid.
  const Json json = Json::parse(text);
  try {
    return read_root(Field(json, {}, std::get<JsonLines>(lines)));
  } catch (Refused& refused) {
    return std::move(refused.problem);
  }
}

}  // namespace

std::variant<Scenario, JsonProblem> read_scenario(std::string_view text) {
  return read<Scenario>(text, read_whole_scenario);
}

std::variant<SendCommand, JsonProblem> read_send_command(std::string_view text) {
  return read<SendCommand>(text, [](const Field& command) {
    command.expect_object({"connection", "id", "update", "snapshot", "event", "control", "comment",
                           "retry", "raw", "hex"});
    const auto name = find_action(command, sending_actions);
    if (!name) {
      command.fail(
          "sends nothing: it needs one of update, snapshot, event, control, comment, retry, raw "
          "and hex");
    }
    return SendCommand{read_connection(command),
                       read_sending_action(*command.member(*name), *name, command.member("id"))};
  });
}

std::variant<CutCommand, JsonProblem> read_cut_command(std::string_view text) {
  if (text.empty()) {
    return CutCommand{};
  }
  return read<CutCommand>(text, [](const Field& command) {
    command.expect_object({"connection", "reset"});
    const auto reset = command.member("reset");
    if (reset) {
      reset->expect_true();
    }
    return CutCommand{read_connection(command), reset ? BreakKind::reset : BreakKind::cut};
  });
}

std::variant<AnswerCommand, JsonProblem> read_answer_command(std::string_view text) {
  return read<AnswerCommand>(text, [](const Field& command) {
    command.expect_object({"times", "after", "status", "headers", "body"});
    if (!command.member("status")) {
      command.fail(R"(needs "status")");
    }
    const auto times = command.member("times");
    Script script;
    script.name = "/mock/answer";
    script.times = times ? times->count(1, times_max) : 1;
    script.answer = read_answer_members(command);
    return AnswerCommand{std::move(script)};
  });
}

std::variant<TimeCommand, JsonProblem> read_time_command(std::string_view text) {
  return read<TimeCommand>(text, [](const Field& command) {
    command.expect_object({"advance"});
    const auto advance = command.member("advance");
    if (!advance) {
      command.fail(R"(needs "advance")");
    }
    return TimeCommand{advance->duration()};
  });
}

}  // namespace regstream::harness
