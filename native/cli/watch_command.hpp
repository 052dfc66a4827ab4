#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream watch`, which shows the live progress of one instance of a workflow, or of all
/// that move. On a terminal it redraws a frame; elsewhere, and with NO_COLOR, it prints lines. Sets
/// `exit_code` if it runs:
/// - 0 at a final status, 1 at a status that the workflow calls failed;
/// - 2 if the server refuses the stream, or the options make no request;
/// - 128 and the signal's number after SIGINT or SIGTERM, but 0 if all instances are watched;
/// - 141, as SIGPIPE would, if the reader of stdout has gone.
void add_watch_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
