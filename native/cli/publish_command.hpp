#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `publish stage` and `publish final`: one update sent through Redis, from a shell or a
/// script. Parsing runs the command; it prints `published <epoch>-<sequence>`, the update's id, and
/// leaves 0 in `exit_code` once Redis has acknowledged the update, 1 if it did not, and 2 if the
/// arguments make no update. `exit_code` must outlive `app`.
void add_publish_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
