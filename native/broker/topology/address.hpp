#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <regstream/broker/redis_options.hpp>

/// Addresses as servers tell them, who may be broken or hostile.
namespace regstream::broker {

/// What a server calls another one. Empty: no name or address of a host, or no port.
[[nodiscard]] std::optional<RedisAddress> read_address(std::string_view host,
                                                       std::string_view port);
[[nodiscard]] std::optional<RedisAddress> read_address(std::string_view host, std::int64_t port);

/// Where a cluster's node sends who asked it for another one's key: "MOVED 3999 127.0.0.1:6381".
/// The host is empty where it is the same as that of who says so. Empty: it says no such thing.
[[nodiscard]] std::optional<RedisAddress> read_redirection(std::string_view reply);

}  // namespace regstream::broker
