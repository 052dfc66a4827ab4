#pragma once

#include <string>
#include <string_view>

namespace regstream::client {

/// Adds `query` to a request's target (path and query). It replaces the parameters of `target` that
/// have one of its names, or are called `snapshot`.
[[nodiscard]] std::string target_asking(std::string_view target, std::string_view query);

}  // namespace regstream::client
