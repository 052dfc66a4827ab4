#pragma once

#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
}

/// Checks that several options share, for CLI::Option::check. They return an empty text, or what is
/// wrong with the value.
namespace regstream::cli {

/// Makes all options of `app` and its subcommands refuse an empty or blank value, which comes from
/// a script whose variable is not set. CLI11 would read it as 0, or as an option that was not
/// given. The source file lists the few options that may be empty. Call it once all options are
/// declared.
void refuse_empty_values(CLI::App& app);

/// An address to listen on: IPv4, IPv6 without brackets, or a name; no port.
[[nodiscard]] std::string check_listen_address(const std::string& value);

/// A deployment's name, which is written to logs and to Redis.
[[nodiscard]] std::string check_deployment(const std::string& value);

/// A host that requests may name: NAME or NAME:PORT, not a URL.
[[nodiscard]] std::string check_host(const std::string& value);

/// An origin whose pages may use a server (`net::read_origin`).
[[nodiscard]] std::string check_origin(const std::string& value);

/// A cookie's name: a token (RFC 6265, 4.1.1), or empty.
[[nodiscard]] std::string check_cookie_name(const std::string& value);

}  // namespace regstream::cli
