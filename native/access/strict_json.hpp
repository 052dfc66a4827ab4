#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace regstream::access {

/// Parses a text that is exactly one JSON object. Empty: it is not, or it is longer than
/// `bytes_max`, or exceeds `AccessLimits::json_depth_max` or `json_values_max`; or it has a member
/// twice, where two readers might see two different values (RFC 7515, 4; RFC 7519, 4). No reason is
/// given, since it could quote a secret.
[[nodiscard]] std::optional<nlohmann::json> parse_strict_json(std::string_view text,
                                                              std::size_t bytes_max);

}  // namespace regstream::access
