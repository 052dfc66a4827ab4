#include "cli/mock_command.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "cli/exit_code.hpp"
#include "cli/option_checks.hpp"
#include "cli/terminal.hpp"
#include "harness/mock_server.hpp"
#include "harness/scenario_reader.hpp"
#include "json/json_lines.hpp"
#include "log/background_log.hpp"
#include "log/printable.hpp"
#include "net/event_loop.hpp"
#include "net/router.hpp"
#include "net/server.hpp"

namespace regstream::cli {

namespace asio = boost::asio;

namespace {

struct MockCommandOptions {
  std::string scenario;
  std::string address = "127.0.0.1";
  std::uint16_t port = 8090;
  bool has_virtual_time = false;
  bool checks_only = false;
};

/// The scenario, or a line with the mistake in it: "deploy.json:12: default.steps: …".
std::variant<harness::Scenario, std::string> load_scenario(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return "can't read " + path + ": " + std::strerror(errno);
  }
  // One byte more than a scenario may have, so that the reader notices a longer one.
  std::string text(json_fields::JsonLimits{}.bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    return "can't read " + path + ": it is not a file";
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  auto scenario = harness::read_scenario(text);
  if (const auto* const problem = std::get_if<json_fields::JsonProblem>(&scenario)) {
    const std::string field = problem->field.empty() ? "the scenario" : problem->field;
    return path + ":" + std::to_string(problem->line) + ": " + field + ": " + problem->what;
  }
  return std::get<harness::Scenario>(std::move(scenario));
}

void serve(harness::Scenario scenario, const MockCommandOptions& options) {
  asio::io_context context(1);
  net::Router router;
  // It plays any server under any name: a test may reach it as a service of its own network.
  net::Server server(context, router,
                     {.address = options.address,
                      .port = options.port,
                      .limits = {},
                      .allowed_hosts = std::nullopt});
  harness::MockServer mock(context, std::move(scenario),
                           {.has_virtual_time = options.has_virtual_time});
  mock.add_to(router);
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) {
      mock.close();
      server.stop([&context] { context.stop(); });
    }
  });
  // A reader that doesn't read it delays the mock only briefly.
  static_cast<void>(try_print("regstream: mock on " + server.url() + " plays " +
                                  printable(options.scenario) +
                                  (options.has_virtual_time ? " (virtual time)" : ""),
                              reader_patience));
  net::run(context);
}

int run(const MockCommandOptions& options) {
  auto scenario = load_scenario(options.scenario);
  if (const auto* const problem = std::get_if<std::string>(&scenario)) {
    complain("mock", *problem);
    return usage_code;
  }
  if (options.checks_only) {
    return 0;
  }
  try {
    serve(std::get<harness::Scenario>(std::move(scenario)), options);
    return 0;
  } catch (const std::runtime_error& error) {
    complain("mock", error.what());
    return failure_code;
  }
}

}  // namespace

void add_mock_command(CLI::App& app, int& exit_code) {
  auto* const command = app.add_subcommand(
      "mock", "Serve a scripted scenario for tests of clients: streams, cuts, silence, errors");
  const auto options = std::make_shared<MockCommandOptions>();
  command->add_option("--scenario", options->scenario, "JSON FILE with the scenario")->required();
  command->add_option("--address", options->address, "Address to listen on")
      ->check(check_listen_address)
      ->capture_default_str();
  command->add_option("--port", options->port, "Port to listen on; 0 takes any free one")
      ->check(CLI::Range(0, 65'535))
      ->capture_default_str();
  command->add_flag("--virtual-time", options->has_virtual_time,
                    "Time stands still until POST /mock/time advances it");
  command->add_flag("--check", options->checks_only, "Check the scenario file and exit");
  command->callback([options, &exit_code] {
    exit_code = logging::run_with_background_log([&options] { return run(*options); });
  });
}

}  // namespace regstream::cli
