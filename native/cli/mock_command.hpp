#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream mock`, which plays a scenario (native/harness/README.md) to the clients under
/// test. Sets `exit_code` if it runs: 2 for a scenario that is wrong.
void add_mock_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
