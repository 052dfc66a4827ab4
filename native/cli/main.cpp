#include <csignal>
#include <exception>
#include <iostream>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>

#include "cli/contract_service_command.hpp"
#include "cli/listen_command.hpp"
#include "cli/mock_command.hpp"
#include "cli/parse_command.hpp"
#include "cli/publish_command.hpp"
#include "cli/serve_command.hpp"
#include "cli/simulate_command.hpp"

namespace {

int run(int argc, char** argv) {
  // A peer that has gone is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  // A file that reaches a limit is an error of its write, too.
  std::signal(SIGXFSZ, SIG_IGN);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("regstream"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");

  CLI::App app("Live updates of customer validation, from Redis to every open page.", "regstream");
  app.set_version_flag("--version", "regstream " REGSTREAM_VERSION);
  app.require_subcommand(1);
  int exit_code = 0;
  regstream::cli::add_serve_command(app, exit_code);
  regstream::cli::add_publish_command(app, exit_code);
  regstream::cli::add_parse_command(app, exit_code);
  regstream::cli::add_listen_command(app, exit_code);
  regstream::cli::add_mock_command(app, exit_code);
  regstream::cli::add_simulate_command(app, exit_code);
  regstream::cli::add_contract_service_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;  // --help and --version are "errors" that succeed.
  }
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "regstream: " << error.what() << std::endl;
  }
  return 1;
}
