#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "log/line_format.hpp"
#include "log/line_limit.hpp"

/// The program's log: spdlog's default logger. Each line is limited by its condition (one
/// `LineLimit` for the process), and made `printable`. Use it from any thread.
///
///     logging::warn("accept", "can't accept a connection: {}", error.message());
namespace regstream::logging {

enum class Level : std::uint8_t { info, warning, error };

/// True if the line was written, false if it was held back or is below the log's level.
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

/// Writes a line of level `info` with fields, each time that the event happens: only the level can
/// suppress it. `event` must be a constant.
void record(std::string_view event, std::initializer_list<Field> fields);

/// Sets the format of lines. Default: text.
void set_format(Format format);
[[nodiscard]] Format format();

/// Sets whether text lines begin with the name of their workflow. JSON always has it. Default:
/// false, because with one workflow the name says nothing.
void set_names_workflows(bool names_workflows);

/// Leaves out lines below this level. Default: `info`.
void set_level(Level level);

/// Forgets which lines were written, so that one test's lines don't hold back another's.
void forget_lines();

}  // namespace regstream::logging
