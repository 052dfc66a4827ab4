#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream parse`, which reads an event stream's bytes on stdin and prints a JSON line for
/// each event, and a last one with what a reconnect would use. Sets `exit_code` if it runs.
void add_parse_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
