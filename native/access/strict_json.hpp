#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace regstream::access {

/// Reads a whole JSON text. Nothing: it is none, is longer than `bytes_max`, is nested deeper than
/// `AccessLimits::json_depth_max`, or has a member twice, of which two readers might each see
/// another (RFC 7515, 4; RFC 7519, 4). No reason is given: it could quote a secret.
[[nodiscard]] std::optional<nlohmann::json> parse_strict_json(std::string_view text,
                                                              std::size_t bytes_max);

}  // namespace regstream::access
