#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace regstream::broker {

inline constexpr std::size_t deployment_name_length_max = 64;

/// What a deployment may be called (`RedisOptions::deployment`): letters, digits and "-._" of
/// ASCII, since the name stands in logs, in JSON and in Redis. An empty one is that of a gateway
/// that was given none.
[[nodiscard]] inline bool is_deployment_name(std::string_view name) {
  return name.size() <= deployment_name_length_max &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return c == '-' || c == '.' || c == '_' || (c >= '0' && c <= '9') ||
                  (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

}  // namespace regstream::broker
