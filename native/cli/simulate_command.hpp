#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream simulate`, which runs everything on a simulated clock, network and Redis, with
/// faults that a seed chooses. `exit_code` says whether all guarantees held.
void add_simulate_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
