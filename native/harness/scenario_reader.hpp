#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "harness/scenario.hpp"
#include "json/json_lines.hpp"

/// From the JSON of README.md to values. Everything is checked here, so that playing can't fail.
namespace regstream::harness {

using json_fields::JsonProblem;

/// How many requests a script may say that it takes.
inline constexpr std::size_t times_max = 1'000'000;

[[nodiscard]] std::variant<Scenario, JsonProblem> read_scenario(std::string_view text);

}  // namespace regstream::harness
