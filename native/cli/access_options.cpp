#include "cli/access_options.hpp"

#include <CLI/CLI.hpp>

#include "cli/option_checks.hpp"

namespace regstream::cli {

void add_access_options(CLI::App& command, AccessOptions& options) {
  const std::string group = "Access";
  command
      .add_flag("--open", options.open,
                "Let everybody in who reaches the gateway, on any address: for networks where all "
                "may read everything")
      ->group(group);
  command
      .add_option("--cors-origin", options.cors_origins,
                  "Origin whose pages may use the gateway, with their visitors' cookies, such as "
                  "https://bank.example; may be repeated")
      ->expected(1)
      ->take_all()
      ->check(check_origin)
      ->group(group);
}

}  // namespace regstream::cli
