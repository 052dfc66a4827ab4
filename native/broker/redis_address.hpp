#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/redis_options.hpp>

/// Reads addresses as people write them. A mistake throws std::invalid_argument with one sentence
/// that begins with `source`, the name of the option or variable, and shows no secret.
namespace regstream::broker {

/// Throws such a sentence about a value. Anything that may be a secret is left out of it.
[[noreturn]] void refuse_value(std::string_view source, std::string_view value,
                               std::string_view expected);

/// Whether the text is a host's name or address, without any part of a URL and without a port.
[[nodiscard]] bool is_host(std::string_view text);

/// Reads a decimal number from 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// Reads `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
[[nodiscard]] RedisAddress parse_address(std::string_view source, std::string_view text,
                                         std::uint16_t default_port);

/// Reads the value of REDIS_HOST.
[[nodiscard]] std::string parse_host_variable(std::string_view source, std::string_view value);

/// Reads the value of REDIS_PORT: a number, or the "service link" that Kubernetes sets in a
/// container for a service named "redis": tcp://10.0.0.1:6379. Only its port counts. Its host does
/// not: nobody who runs this program has named it, and customers' data must not go to an address
/// that nobody chose.
[[nodiscard]] std::uint16_t parse_port_variable(std::string_view source, std::string_view value);

}  // namespace regstream::broker
