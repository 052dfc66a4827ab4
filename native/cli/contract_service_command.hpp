#pragma once

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Adds `regstream contract-service`, which puts the native client behind the test-service protocol
/// of LaunchDarkly's public sse-contract-tests, for that suite to judge it. Sets `exit_code` if it
/// runs.
void add_contract_service_command(CLI::App& app, int& exit_code);

}  // namespace regstream::cli
