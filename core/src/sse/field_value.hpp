#pragma once

#include <string_view>

namespace regstream::sse {

/// The first space after a field's colon belongs to neither.
inline std::string_view without_leading_space(std::string_view value) {
  return value.starts_with(' ') ? value.substr(1) : value;
}

inline constexpr std::string_view default_type = "message";

}  // namespace regstream::sse
