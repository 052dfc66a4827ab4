#pragma once

#include <cstdint>
#include <string>

#include "log/line_format.hpp"
#include "log/log.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

namespace regstream::cli {

/// Options for operators.
struct ObservabilityOptions {
  std::string ops_address;  ///< "ADDRESS:PORT". Empty: no port for operators.
  std::string log_format = "text";
  std::string log_level = "info";
  /// The configuration file from which SIGHUP reads the level. Empty: the level stays.
  std::string log_level_file;
  bool log_requests = false;
};

/// Declares them; see `add_serve_options`.
void add_observability_options(CLI::App& command, ObservabilityOptions& options);

/// Parses `ops_address`. It must not be empty, and the option's check has accepted it.
struct OpsAddress {
  std::string address;
  std::uint16_t port = 0;
};
[[nodiscard]] OpsAddress ops_address_of(const ObservabilityOptions& options);

[[nodiscard]] logging::Format log_format_of(const ObservabilityOptions& options);
/// `level` must be one that the option accepts.
[[nodiscard]] logging::Level log_level_of(const std::string& level);

}  // namespace regstream::cli
