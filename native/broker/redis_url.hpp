#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// `redis://` or `rediss://`, taken apart; user and password are percent-decoded.
struct RedisUrl {
  bool is_secure = false;  ///< rediss.
  RedisAddress address;
  std::optional<std::string> username;  ///< Nothing: the URL names none.
  std::optional<std::string> password;
};

/// Throws std::invalid_argument with one sentence that begins with `source` and quotes nothing of
/// the URL: in one that is written wrong, a password may stand anywhere.
[[nodiscard]] RedisUrl parse_redis_url(std::string_view source, std::string_view text);

}  // namespace regstream::broker
