#pragma once

#include <string_view>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "log/line_limit.hpp"

/// The program's log: spdlog's default logger. Each line is limited by its condition (`LineLimit`,
/// one for the process), and made `printable`. From any thread.
///
///     logging::warn("accept", "can't accept a connection: {}", error.message());
namespace regstream::logging {

enum class Level { info, warning, error };

/// Whether the line was written, and not held back.
bool write(Level level, Condition condition, std::string_view line);

template <typename... Arguments>
bool info(Condition condition, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return write(Level::info, condition, fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
bool warn(Condition condition, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return write(Level::warning, condition,
               fmt::format(format, std::forward<Arguments>(arguments)...));
}

template <typename... Arguments>
bool error(Condition condition, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  return write(Level::error, condition, fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Forgets which lines were written, so that one test's lines do not hold back another's.
void forget_lines();

}  // namespace regstream::logging
