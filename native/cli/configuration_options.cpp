#include "cli/configuration_options.hpp"

#include <iostream>
#include <stdexcept>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/exit_code.hpp"
#include "cli/terminal.hpp"
#include "configuration/environment.hpp"
#include "configuration/option_table.hpp"

namespace regstream::cli {

void add_configuration_options(CLI::App& command, ConfigurationOptions& options) {
  const std::string group = "Configuration";
  command
      .add_option("--config", options.file,
                  "TOML FILE with one option a line, named as here without dashes; also by "
                  "REGSTREAM_CONFIG. The command line overrides variables (REGSTREAM_PORT is "
                  "--port), and variables override the file")
      ->configurable(false)
      ->group(group);
  command
      .add_flag("--print-config", options.prints_values,
                "Print each option's value and where it came from, in the file's format, and exit")
      ->configurable(false)
      ->group(group);
  command
      .add_flag("--print-options", options.prints_table,
                "Print the tables of docs/configuration.md, and exit")
      ->configurable(false)
      ->group("");
}

std::variant<int, configuration::Configuration> configure(CLI::App& command,
                                                          const ConfigurationOptions& options) {
  if (options.prints_table) {
    configuration::print_option_table(command, std::cout);
    return 0;
  }
  try {
    const std::vector<std::string> variables = configuration::variables_of_process();
    configuration::Configuration configuration(
        command, variables, configuration::file_named_by(options.file, variables));
    if (options.prints_values) {
      configuration.print(std::cout);
      return 0;
    }
    return configuration;
  } catch (const std::invalid_argument& error) {
    complain("", error.what());
    return usage_code;
  }
}

}  // namespace regstream::cli
