#pragma once

/// What the program ends with, beside 0.
namespace regstream::cli {

inline constexpr int failure_code = 1;

/// What was asked for makes no sense: an option, the configuration or a file it names is wrong.
inline constexpr int usage_code = 2;

}  // namespace regstream::cli
