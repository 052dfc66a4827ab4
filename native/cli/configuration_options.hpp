#pragma once

#include <string>
#include <variant>

#include "configuration/configuration.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Where a command's other options are read from besides the command line, and whether they are
/// only shown.
struct ConfigurationOptions {
  std::string file;
  bool prints_values = false;
  bool prints_table = false;
};

/// Declares `--config`, `--print-config` and, for the documentation, `--print-options`.
void add_configuration_options(CLI::App& command, ConfigurationOptions& options);

/// Once `command` has been parsed: reads the environment and the file, and prints what was asked
/// for. Gives an exit code if that was all, or if something in them makes no sense, which it has
/// told the user; otherwise where the options came from.
[[nodiscard]] std::variant<int, configuration::Configuration> configure(
    CLI::App& command, const ConfigurationOptions& options);

}  // namespace regstream::cli
