#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <spdlog/fmt/fmt.h>

#include "log/line_format.hpp"
#include "log/line_limit.hpp"

/// The program's log: spdlog's default logger. Each line is limited by its condition (`LineLimit`,
/// one for the process), and made `printable`. From any thread.
///
///     logging::warn("accept", "can't accept a connection: {}", error.message());
namespace regstream::logging {

enum class Level : std::uint8_t { info, warning, error };

/// Whether the line was written: it was not held back, nor below the log's level.
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

/// A line of the level `info` with its facts as fields, for what is to be written each time that it
/// happens: nothing holds it back but the level. `event` is a constant of the sources.
void record(std::string_view event, std::initializer_list<Field> fields);

/// How lines are written from now on. Text, until it is called.
void set_format(Format format);
[[nodiscard]] Format format();

/// Whether lines for people begin with the name of the workflow that they are about. JSON always
/// has it. Not, until it is called: where there is one workflow, its name says nothing.
void set_names_workflows(bool names_workflows);

/// Lines below this are left out from now on. `info`, until it is called.
void set_level(Level level);

/// Forgets which lines were written, so that one test's lines do not hold back another's.
void forget_lines();

}  // namespace regstream::logging
