#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace regstream::broker {

/// What stands for a message where a broker remembers which one it was, and not its text.
[[nodiscard]] inline std::size_t hash_of(std::string_view message) {
  return std::hash<std::string_view>{}(message);
}

}  // namespace regstream::broker
