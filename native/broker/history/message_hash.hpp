#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace regstream::broker {

/// Stands for a message where a broker only has to recognize it.
[[nodiscard]] inline std::size_t hash_of(std::string_view message) {
  return std::hash<std::string_view>{}(message);
}

}  // namespace regstream::broker
