#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "harness/scenario.hpp"
#include "json/json_lines.hpp"

/// Reads a scenario's JSON (README.md). Everything is checked here, so that playing can't fail.
namespace regstream::harness {

using json_fields::JsonProblem;

/// The largest `times` of a script.
inline constexpr std::size_t times_max = 1'000'000;

[[nodiscard]] std::variant<Scenario, JsonProblem> read_scenario(std::string_view text);

}  // namespace regstream::harness
