#pragma once

#include <optional>
#include <string_view>

#include "net/exchange.hpp"

namespace regstream::net {

/// Takes a request target apart (origin form, or absolute form as RFC 9112, 3.2.2 demands of
/// servers). Nothing: it is no valid URI, or holds an encoded NUL, which no name of ours does.
[[nodiscard]] std::optional<Target> parse_target(std::string_view target);

}  // namespace regstream::net
