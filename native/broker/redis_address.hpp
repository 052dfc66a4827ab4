#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/redis_options.hpp>

/// Addresses as people write them. What is wrong with one is a std::invalid_argument of one
/// sentence that begins with `source`, the name of the option or variable, and shows no secret.
namespace regstream::broker {

/// Throws that sentence about a value, which is shown without what may be a secret.
[[noreturn]] void refuse_value(std::string_view source, std::string_view value,
                               std::string_view expected);

/// A name or an address of a host, and nothing that a URL or a port has.
[[nodiscard]] bool is_host(std::string_view text);

/// Decimal, 1 to 65535.
[[nodiscard]] std::optional<std::uint16_t> parse_port(std::string_view text);

/// `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`.
[[nodiscard]] RedisAddress parse_address(std::string_view source, std::string_view text,
                                         std::uint16_t default_port);

/// What REDIS_HOST says.
[[nodiscard]] std::string parse_host_variable(std::string_view source, std::string_view value);

/// What REDIS_PORT says: a number; or what Kubernetes puts into a container for a service named
/// "redis", a "service link": tcp://10.0.0.1:6379. Of that the port alone is taken. The host is
/// not: nobody who runs this program has named it, and customers' data must not go where nobody has
/// sent it.
[[nodiscard]] std::uint16_t parse_port_variable(std::string_view source, std::string_view value);

}  // namespace regstream::broker
