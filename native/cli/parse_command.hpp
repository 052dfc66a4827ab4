#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream parse`, which reads an event stream from stdin and prints a JSON line for each
/// event, and a last line with what a reconnect would send. Sets `exit_code` if it runs.
void add_parse_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
