#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `publish stage` and `publish final`, which publish one update through Redis, from a shell
/// or a script. Parsing runs the command. It prints `published <epoch>-<sequence>`, with the
/// update's id, and sets `exit_code`: 0 once Redis has acknowledged the update, 1 if it did not, 2
/// if the arguments make no update. `exit_code` must outlive `app`.
void add_publish_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
