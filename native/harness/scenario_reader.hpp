#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <variant>

#include "harness/json_lines.hpp"
#include "harness/recorded_request.hpp"
#include "harness/scenario.hpp"

/// From the JSON of README.md to values. Everything is checked here, so that playing can't fail.
namespace regstream::harness {

/// The longest duration that a scenario or a command names.
inline constexpr Duration duration_max = std::chrono::hours(24);
/// Pings come no faster: a jump of virtual time sends all that fall into it.
inline constexpr Duration ping_interval_min{100};

[[nodiscard]] std::variant<Scenario, JsonProblem> read_scenario(std::string_view text);

/// The body of POST /mock/send: a step that sends, and `connection`.
struct SendCommand {
  std::optional<ConnectionNumber> connection;  ///< Nothing: every open stream.
  StepAction action;                           ///< SendBytes or SendControl.
};
[[nodiscard]] std::variant<SendCommand, JsonProblem> read_send_command(std::string_view text);

/// The body of POST /mock/cut; an empty one is all streams.
struct CutCommand {
  std::optional<ConnectionNumber> connection;
  BreakKind kind = BreakKind::cut;
};
[[nodiscard]] std::variant<CutCommand, JsonProblem> read_cut_command(std::string_view text);

/// The body of POST /mock/answer: an answer, and for how many requests it stands in.
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
