#pragma once

#include <vector>

#include "harness/scenario.hpp"
#include "json/field.hpp"

/// How a scenario, or a command, says what happens on a stream. All throw `Refused`.
namespace regstream::harness {

using json_fields::Field;

[[nodiscard]] std::vector<Step> read_steps(const Field& steps);

/// The one action among the members of `command`, of those that send: SendBytes or SendControl.
[[nodiscard]] StepAction read_sending_member(const Field& command);

}  // namespace regstream::harness
