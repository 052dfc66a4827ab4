#pragma once

#include <optional>
#include <string_view>

#include "net/exchange.hpp"

namespace regstream::net {

/// Takes a request target apart: origin form, or absolute form as servers have to (RFC 9112,
/// 3.2.2). Reads what browsers and curl send, also where RFC 3986 forbids it
/// (`encode_path_and_query`); a backslash is data. Nothing: it is in neither form, holds a
/// fragment, or an encoded NUL, which no name of ours does; or it has more than 64 segments or 256
/// parameters.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace regstream::net
