#pragma once

/// The program's exit codes besides 0.
namespace regstream::cli {

inline constexpr int failure_code = 1;

/// An option, the configuration, or a file that it names is wrong.
inline constexpr int usage_code = 2;

}  // namespace regstream::cli
