#pragma once

#include <ostream>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::configuration {

/// Prints the options that the environment and a file can set, as Markdown: a table for each group.
/// docs/configuration.md contains it, and a test fails if that is stale.
void print_option_table(CLI::App& command, std::ostream& output);

}  // namespace regstream::configuration
