#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream listen`, which keeps one event stream open and prints a JSON line for each event
/// and for what happens to the stream. Sets `exit_code` if it runs: 0 if it was stopped, by a
/// signal or by the server's 204; 1 if the stream failed for good; 2 if the options make no
/// request.
void add_listen_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
