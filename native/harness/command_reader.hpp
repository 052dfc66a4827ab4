#pragma once

#include <optional>
#include <string_view>
#include <variant>

#include <regstream/time.hpp>

#include "harness/recorded_request.hpp"
#include "harness/scenario.hpp"
#include "json/json_lines.hpp"

/// Reads the bodies of the control API's requests (README.md).
namespace regstream::harness {

using json_fields::JsonProblem;

/// The body of POST /mock/send: a step that sends, and `connection`.
struct SendCommand {
  std::optional<ConnectionNumber> connection;  ///< Nothing: every open stream.
  StepAction action;                           ///< Either SendBytes or SendControl.
};
[[nodiscard]] std::variant<SendCommand, JsonProblem> read_send_command(std::string_view text);

/// The body of POST /mock/cut; empty: all streams.
struct CutCommand {
  std::optional<ConnectionNumber> connection;
  BreakKind kind = BreakKind::cut;
};
[[nodiscard]] std::variant<CutCommand, JsonProblem> read_cut_command(std::string_view text);

/// The body of POST /mock/answer: an answer, and how many requests get it.
struct AnswerCommand {
  Script script;
};
[[nodiscard]] std::variant<AnswerCommand, JsonProblem> read_answer_command(std::string_view text);

/// The body of POST /mock/time.
struct TimeCommand {
  Duration advance{0};
};
[[nodiscard]] std::variant<TimeCommand, JsonProblem> read_time_command(std::string_view text);

}  // namespace regstream::harness
