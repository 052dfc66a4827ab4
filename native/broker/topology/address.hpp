#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/broker/redis_options.hpp>

/// Reads addresses that servers send. A server may be broken or hostile.
namespace regstream::broker {

/// The address of another server. Empty: no valid host, or no valid port.
[[nodiscard]] std::optional<RedisAddress> read_address(std::string_view host,
                                                       std::string_view port);
[[nodiscard]] std::optional<RedisAddress> read_address(std::string_view host, std::int64_t port);

/// Reads a cluster node's redirection: "MOVED 3999 127.0.0.1:6381". An empty host means the host of
/// the node that answered. Returns nothing for any other text.
[[nodiscard]] std::optional<RedisAddress> read_redirection(std::string_view reply);

}  // namespace regstream::broker
