#pragma once

#include <cstdint>
#include <string>

#include "log/line_format.hpp"
#include "log/log.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// How the gateway is seen by those who run it.
struct ObservabilityOptions {
  std::string ops_address;  ///< "ADDRESS:PORT". Empty: there is none.
  std::string log_format = "text";
  std::string log_level = "info";
  /// The configuration file that SIGHUP reads the level from. Empty: the level stays as it is.
  std::string log_level_file;
  bool log_requests = false;
};

/// Declares them; see `add_serve_options`.
void add_observability_options(CLI::App& command, ObservabilityOptions& options);

/// `ops_address`, which the option's own check has let through and which is not empty.
struct OpsAddress {
  std::string address;
  std::uint16_t port = 0;
};
[[nodiscard]] OpsAddress ops_address_of(const ObservabilityOptions& options);

[[nodiscard]] logging::Format log_format_of(const ObservabilityOptions& options);
/// `level` is one of those that the option takes.
[[nodiscard]] logging::Level log_level_of(const std::string& level);

}  // namespace regstream::cli
