#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream watch`, which shows how one instance of a workflow moves, or all that move: as a
/// frame that is drawn again in its place on a terminal, and as plain lines elsewhere or with
/// NO_COLOR. Sets `exit_code` if it runs: 0 at a final status, 1 at one that the workflow calls
/// failed, 2 if the server refuses the stream or the options make no request. A signal ends it with
/// 128 and the signal's number, or with 0 where all instances are watched; a reader of its output
/// that goes away ends it as SIGPIPE would.
void add_watch_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
