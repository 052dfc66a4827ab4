#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace regstream::access {

/// Reads a text that is one JSON object. Nothing: it is none, or has anything behind it; it is
/// longer than `bytes_max`, or beyond `AccessLimits::json_depth_max` or `json_values_max`; or it
/// has a member twice, of which two readers might each see another (RFC 7515, 4; RFC 7519, 4). No
/// reason is given: it could quote a secret.
[[nodiscard]] std::optional<nlohmann::json> parse_strict_json(std::string_view text,
                                                              std::size_t bytes_max);

}  // namespace regstream::access
