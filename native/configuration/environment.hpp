#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "configuration/setting.hpp"

namespace regstream::configuration {

/// What every variable's name begins with; the option's follows, in capitals with underscores:
/// `--history-hours` is `REGSTREAM_HISTORY_HOURS`.
inline constexpr std::string_view variable_prefix = "REGSTREAM_";

/// The variable that sets an option, whose long name is given without dashes.
[[nodiscard]] std::string variable_of(std::string_view option);

/// What `variables` (each "NAME=value") say of options, known or not. Empty ones count as not set,
/// as they are where a script's own variable was not. Kubernetes sets some for a Service named
/// regstream, as REGSTREAM_SERVICE_HOST and REGSTREAM_PORT=tcp://…: those say nothing.
[[nodiscard]] std::vector<Setting> read_environment(const std::vector<std::string>& variables);

/// This process's own.
[[nodiscard]] std::vector<std::string> variables_of_process();

}  // namespace regstream::configuration
