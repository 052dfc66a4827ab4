#pragma once

#include <string>
#include <variant>

#include "configuration/configuration.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Options that say where a command's other options are read from, besides the command line, and
/// whether they are only printed.
struct ConfigurationOptions {
  std::string file;
  bool prints_values = false;
  bool prints_table = false;
};

/// Declares `--config`, `--print-config` and, for the documentation, `--print-options`.
void add_configuration_options(CLI::App& command, ConfigurationOptions& options);

/// Call it once `command` has been parsed. Reads the environment and the file, and prints what the
/// options ask for. Returns an exit code if that was all, or if a value is wrong (it has told the
/// user then). Otherwise returns where the options came from.
[[nodiscard]] std::variant<int, configuration::Configuration> configure(
    CLI::App& command, const ConfigurationOptions& options);

}  // namespace regstream::cli
