#pragma once

#include <cstddef>

namespace regstream::cli {

/// Raises this process's limit on open files to what the system allows, and gives it. Each
/// connection takes one.
[[nodiscard]] std::size_t raise_open_files_limit();

}  // namespace regstream::cli
