#pragma once

#include <optional>
#include <string_view>

#include "net/exchange.hpp"

namespace regstream::net {

/// Parses a request target in origin form, or in absolute form, as servers must (RFC 9112, 3.2.2).
/// Accepts what browsers and curl send, even if RFC 3986 forbids it (`encode_path_and_query`); a
/// backslash is data. Nothing if it is in neither form, has a fragment or an encoded NUL, or has
/// more than 64 segments or 256 parameters.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace regstream::net
