#include "cli/log_level.hpp"

#include <optional>

#include <CLI/CLI.hpp>

#include "cli/observability_options.hpp"
#include "cli/serve_options.hpp"
#include "configuration/configuration.hpp"
#include "log/log.hpp"

namespace regstream::cli {
namespace {

/// Throws std::invalid_argument with one sentence.
std::string read_log_level(const std::string& file) {
  CLI::App command("", "serve");
  ServeOptions options;
  add_serve_options(command, options);
  static_cast<void>(configuration::Configuration(command, {}, file));
  return options.observability.log_level;
}

}  // namespace

void follow_log_level(Reload& reload, const std::string& file) {
  if (file.empty()) {
    return;
  }
  reload.add("log settings", [file]() -> std::optional<std::string> {
    logging::set_level(log_level_of(read_log_level(file)));
    return std::nullopt;
  });
}

}  // namespace regstream::cli
