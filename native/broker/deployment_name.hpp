#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace regstream::broker {

inline constexpr std::size_t deployment_name_length_max = 64;

/// Whether a deployment may have this name (`RedisOptions::deployment`): ASCII letters, digits and
/// "-._", since the name appears in logs, in JSON and in Redis. An empty name belongs to a gateway
/// without one.
[[nodiscard]] inline bool is_deployment_name(std::string_view name) {
  return name.size() <= deployment_name_length_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c == '-' || c == '.' || c == '_' || (c >= '0' && c <= '9') ||
                  (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

}  // namespace regstream::broker
