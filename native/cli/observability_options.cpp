#include "cli/observability_options.hpp"

#include <CLI/CLI.hpp>

#include "log/printable.hpp"
#include "net/host_port.hpp"

namespace regstream::cli {
namespace {

// Only an IP address shows who can reach the port; a name may resolve to any address.
std::string check_ops_address(const std::string& value) {
  const auto read = net::parse_host_port(value);
  const bool is_one = read && read->port && (read->is_address || read->host == "localhost");
  return is_one
             ? std::string()
             : quote_value(value) +
                   " is not an IP address with a port; give ADDRESS:PORT, such as 127.0.0.1:9180";
}

}  // namespace

void add_observability_options(CLI::App& command, ObservabilityOptions& options) {
  const std::string group = "Observability";
  command
      .add_option("--ops-address", options.ops_address,
                  "ADDRESS:PORT for /metrics, /api/health, /livez and /readyz, without tokens. The "
                  "main port then has only /livez and /readyz")
      ->check(check_ops_address)
      ->group(group);
  command
      .add_option("--log-format", options.log_format,
                  "Format of log lines: text for people, or JSON objects")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--log-level", options.log_level,
                  "Least severe level that is logged. SIGHUP reloads it from the file of --config")
      ->check(CLI::IsMember({"info", "warning", "error"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_flag("--log-requests", options.log_requests,
                "Log a line for each response: method, route, status, bytes and time, but nothing "
                "that the client sent")
      ->group(group);
}

OpsAddress ops_address_of(const ObservabilityOptions& options) {
  const net::HostPort read = net::parse_host_port(options.ops_address).value();
  // An IPv6 address has brackets here, but not for a socket.
  const bool has_brackets = read.host.starts_with('[');
  return {.address = has_brackets ? read.host.substr(1, read.host.size() - 2) : read.host,
          .port = read.port.value()};
}

logging::Format log_format_of(const ObservabilityOptions& options) {
  return options.log_format == "json" ? logging::Format::json : logging::Format::text;
}

logging::Level log_level_of(const std::string& level) {
  if (level == "error") {
    return logging::Level::error;
  }
  return level == "warning" ? logging::Level::warning : logging::Level::info;
}

}  // namespace regstream::cli
