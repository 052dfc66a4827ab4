#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <regstream/broker/redis_options.hpp>

namespace regstream::broker {

/// The parts of a `redis://` or `rediss://` URL. User and password are percent-decoded.
struct RedisUrl {
  bool is_secure = false;  ///< The scheme is rediss.
  RedisAddress address;
  std::optional<std::string> username;  ///< Empty: the URL has none.
  std::optional<std::string> password;
};

/// Throws std::invalid_argument with one sentence that begins with `source` and quotes nothing of
/// the URL: in a malformed URL the password may be anywhere.
[[nodiscard]] RedisUrl parse_redis_url(std::string_view source, std::string_view text);

}  // namespace regstream::broker
