#pragma once

#include <vector>

#include "harness/field.hpp"
#include "harness/scenario.hpp"

/// How a scenario, or a command, says what happens on a stream. All throw `Refused`.
namespace regstream::harness {

[[nodiscard]] std::vector<Step> read_steps(const Field& steps);

/// The one action among the members of `command`, of those that send: SendBytes or SendControl.
[[nodiscard]] StepAction read_sending_member(const Field& command);

}  // namespace regstream::harness
