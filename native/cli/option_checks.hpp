#pragma once

#include <string>

/// Checks that options share, for CLI::Option::check: empty, or what is wrong with the value.
namespace regstream::cli {

/// An empty value of a file, an address or a URL is a script's variable that was not set.
[[nodiscard]] std::string check_not_empty(const std::string& value);

/// An address to listen on: IPv4, IPv6 without brackets, or a name; no port. An empty one is not
/// "every interface": that must be asked for.
[[nodiscard]] std::string check_listen_address(const std::string& value);

/// A host by which a server may be asked: NAME or NAME:PORT, no URL.
[[nodiscard]] std::string check_host(const std::string& value);

}  // namespace regstream::cli
