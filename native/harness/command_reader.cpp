#include "harness/command_reader.hpp"

#include <cstdint>
#include <limits>
#include <utility>

#include "harness/answer_reader.hpp"
#include "harness/duration_field.hpp"
#include "harness/scenario_reader.hpp"
#include "harness/step_reader.hpp"
#include "json/field.hpp"

namespace regstream::harness {
namespace {

std::optional<ConnectionNumber> read_connection(const Field& command) {
  const auto connection = command.member("connection");
  return connection ? std::optional<ConnectionNumber>(
                          connection->count(1, std::numeric_limits<std::uint32_t>::max()))
                    : std::nullopt;
}

}  // namespace

std::variant<SendCommand, JsonProblem> read_send_command(std::string_view text) {
  return json_fields::read_fields<SendCommand>(text, [](const Field& command) {
    command.expect_object({"connection", "id", "update", "snapshot", "event", "control", "comment",
                           "retry", "raw", "hex", "filler"});
    return SendCommand{read_connection(command), read_sending_member(command)};
  });
}

std::variant<CutCommand, JsonProblem> read_cut_command(std::string_view text) {
  if (text.empty()) {
    return CutCommand{};
  }
  return json_fields::read_fields<CutCommand>(text, [](const Field& command) {
    command.expect_object({"connection", "reset"});
    const auto reset = command.member("reset");
    if (reset) {
      reset->expect_true();
    }
    return CutCommand{read_connection(command), reset ? BreakKind::reset : BreakKind::cut};
  });
}

std::variant<AnswerCommand, JsonProblem> read_answer_command(std::string_view text) {
  return json_fields::read_fields<AnswerCommand>(text, [](const Field& command) {
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
  return json_fields::read_fields<TimeCommand>(text, [](const Field& command) {
    command.expect_object({"advance"});
    const auto advance = command.member("advance");
    if (!advance) {
      command.fail(R"(needs "advance")");
    }
    return TimeCommand{read_duration(*advance)};
  });
}

}  // namespace regstream::harness
