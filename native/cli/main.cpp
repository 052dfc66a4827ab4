#include <csignal>
#include <exception>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include "cli/exit_code.hpp"
#include "cli/listen_command.hpp"
#include "cli/mock_command.hpp"
#include "cli/option_checks.hpp"
#include "cli/parse_command.hpp"
#include "cli/publish_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/simulate_command.hpp"
#include "cli/terminal.hpp"
#include "cli/watch_command.hpp"
#include "configuration/configuration.hpp"

namespace {

// CLI11 would take the argument after "--address=" as its value. But the value is empty: a script's
// variable was not set.
std::vector<std::string> split_empty_values(int argc, char** argv) {
  std::vector<std::string> arguments;
  for (int index = 0; index < argc; ++index) {
    std::string argument = argv[index];
    const bool is_empty = argument.starts_with("--") && argument.find('=') + 1 == argument.size();
    if (is_empty) {
      argument.pop_back();
    }
    arguments.push_back(std::move(argument));
    if (is_empty) {
      arguments.emplace_back();
    }
  }
  return arguments;
}

int run(int argc, char** argv) {
  // A write to a peer that has gone must fail, not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  // A write to a file that reached a limit must fail, too.
  std::signal(SIGXFSZ, SIG_IGN);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("regstream"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");

  CLI::App app("Live updates of a workflow's progress, from Redis to every open page.",
               "regstream");
  app.set_version_flag("--version", "regstream " REGSTREAM_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  regstream::cli::add_serve_command(app, exit_code);
  regstream::cli::add_publish_command(app, exit_code);
  regstream::cli::add_parse_command(app, exit_code);
  regstream::cli::add_listen_command(app, exit_code);
  regstream::cli::add_watch_command(app, exit_code);
  regstream::cli::add_mock_command(app, exit_code);
  regstream::cli::add_simulate_command(app, exit_code);
  regstream::cli::refuse_empty_values(app);
  const std::vector<std::string> owned = split_empty_values(argc, argv);
  std::vector<const char*> arguments;
  arguments.reserve(owned.size());
  for (const std::string& argument : owned) {
    arguments.push_back(argument.c_str());
  }
  try {
    app.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    // --help and --version are "errors" that succeed. A usage error quotes what was given.
    std::ostringstream complaint;
    const bool is_success = app.exit(error, std::cout, complaint) == 0;
    if (const std::string suggestion = regstream::configuration::suggest_word(app);
        !suggestion.empty()) {
      complaint.str(error.what() + suggestion + "\nRun with --help for more information.\n");
    }
    regstream::cli::print_error(complaint.str());
    return is_success ? 0 : regstream::cli::usage_code;
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    regstream::cli::open_standard_descriptors();
    return run(argc, argv);
  } catch (const std::exception& error) {
    regstream::cli::complain("", error.what());
  }
  return regstream::cli::failure_code;
}
