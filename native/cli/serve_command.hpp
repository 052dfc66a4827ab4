#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `serve`: the gateway, and with `--demo` the sample backend and the page. Parsing runs the
/// command until SIGINT or SIGTERM; it leaves 0 in `exit_code` then, 1 if it could not start, and 2
/// if the options, the environment or the configuration file make no sense. `exit_code` must
/// outlive `app`.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
