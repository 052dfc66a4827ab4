#pragma once

#include <string_view>

namespace regstream::sse {

/// Drops the first space after a field's colon, which belongs neither to the name nor to the value.
inline std::string_view without_leading_space(std::string_view value) {
  return value.starts_with(' ') ? value.substr(1) : value;
}

inline constexpr std::string_view default_type = "message";

}  // namespace regstream::sse
