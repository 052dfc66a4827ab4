#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

/// What options share. Checks are for CLI::Option::check: empty, or what is wrong with the value.
namespace regstream::cli {

/// No option of `app` and its subcommands takes an empty or blank value any longer: it is a
/// script's variable that was not set. CLI11 would take it for 0, or for an option that was not
/// given. The few options that may be empty are listed beside it. Call it once all are declared.
void refuse_empty_values(CLI::App& app);

/// An address to listen on: IPv4, IPv6 without brackets, or a name; no port.
[[nodiscard]] std::string check_listen_address(const std::string& value);

/// A name of a deployment: it stands in logs and in Redis.
[[nodiscard]] std::string check_deployment(const std::string& value);

/// A host by which a server may be asked: NAME or NAME:PORT, no URL.
[[nodiscard]] std::string check_host(const std::string& value);

/// An origin whose pages may use a server (`net::read_origin`).
[[nodiscard]] std::string check_origin(const std::string& value);

/// A cookie's name: a token (RFC 6265, 4.1.1), or empty.
[[nodiscard]] std::string check_cookie_name(const std::string& value);

}  // namespace regstream::cli
