#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `serve`: the gateway, and with `--demo` the sample backend and the page. Parsing runs the
/// command until SIGINT or SIGTERM, and sets `exit_code`: 0 then, 1 if it could not start, 2 if an
/// option, a variable or the configuration file is wrong. `exit_code` must outlive `app`.
void add_serve_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
