#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/setting.hpp"

/// The configuration file: TOML 1.0, a key for each option, as it is named on the command line
/// without its dashes. No sections. An option that may be repeated takes an array.
namespace regstream::configuration {

/// Of a file. More is refused.
inline constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;

/// The settings of a file's text, in its order, known or not; `name` is what errors call the file.
/// Throws std::invalid_argument with one sentence, which begins with "name:line:column: ".
[[nodiscard]] std::vector<Setting> parse_file(std::string_view text, const std::string& name);

/// Reads a regular file, or what else can be read to an end. Throws std::invalid_argument with one
/// sentence.
[[nodiscard]] std::vector<Setting> read_file(const std::string& path);

}  // namespace regstream::configuration
