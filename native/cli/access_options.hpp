#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Who may ask the gateway.
struct AccessOptions {
  bool open = false;
  std::vector<std::string> cors_origins;
};

/// Declares them; see `add_serve_options`.
void add_access_options(CLI::App& command, AccessOptions& options);

}  // namespace regstream::cli
