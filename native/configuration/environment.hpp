#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configuration/setting.hpp"

namespace regstream::configuration {

/// The prefix of every variable. The option's name follows, in capitals with underscores:
/// `--history-hours` is `REGSTREAM_HISTORY_HOURS`.
inline constexpr std::string_view variable_prefix = "REGSTREAM_";

/// The variable of an option. `option` is its long name without dashes.
[[nodiscard]] std::string variable_of(std::string_view option);

/// The settings in `variables` (each "NAME=value"), for known and unknown options. Empty variables
/// count as not set, because a script's own variable may not have been set. Ignores those that
/// Kubernetes sets for a Service named regstream, such as REGSTREAM_SERVICE_HOST and
/// REGSTREAM_PORT=tcp://….
[[nodiscard]] std::vector<Setting> read_environment(const std::vector<std::string>& variables);

/// This process's variables.
[[nodiscard]] std::vector<std::string> variables_of_process();

}  // namespace regstream::configuration
