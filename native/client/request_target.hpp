#pragma once

#include <string>
#include <string_view>

namespace regstream::client {

/// A request's target, path and query, that asks for `query` as well: it stands in place of the
/// parameters of `target` that have one of its names, or are called `snapshot`.
[[nodiscard]] std::string target_asking(std::string_view target, std::string_view query);

}  // namespace regstream::client
