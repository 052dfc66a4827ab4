#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "configuration/setting.hpp"

/// The configuration file: TOML 1.0 with a key for each option, named as on the command line
/// without dashes. It has no sections. A repeatable option takes an array.
namespace regstream::configuration {

/// The largest file. A larger one is refused.
inline constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;

/// The settings in a file's text, in its order, for known and unknown options. `name` is the file's
/// name in errors. Throws std::invalid_argument with one sentence that begins with
/// "name:line:column: ".
[[nodiscard]] std::vector<Setting> parse_file(std::string_view text, const std::string& name);

/// Reads a regular file, or anything else that can be read to an end. Throws std::invalid_argument
/// with one sentence.
[[nodiscard]] std::vector<Setting> read_file(const std::string& path);

}  // namespace regstream::configuration
