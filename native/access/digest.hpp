#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

/// OpenSSL's functions for tokens and tickets: bytes in, bytes out.
namespace regstream::access {

/// 32 bytes.
[[nodiscard]] std::string sha256(std::string_view bytes);

/// 32 bytes (RFC 2104).
[[nodiscard]] std::string hmac_sha256(std::string_view key, std::string_view bytes);

/// Returns `count` random bytes.
using RandomBytes = std::function<std::string(std::size_t count)>;

/// Random bytes from OpenSSL's generator, which the system has seeded. Throws std::runtime_error if
/// it has none.
[[nodiscard]] std::string system_random_bytes(std::size_t count);

}  // namespace regstream::access
