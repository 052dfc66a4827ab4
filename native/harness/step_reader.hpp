#pragma once

#include <vector>

#include "harness/scenario.hpp"
#include "json/field.hpp"

/// Reads the steps of a scenario or a command. All functions throw `Refused`.
namespace regstream::harness {

using json_fields::Field;

[[nodiscard]] std::vector<Step> read_steps(const Field& steps);

/// The one sending action among the members of `command`: SendBytes or SendControl.
[[nodiscard]] StepAction read_sending_member(const Field& command);

}  // namespace regstream::harness
