#pragma once

#include <string>
#include <vector>

#include "configuration/setting.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
class Option;
class Validator;
}  // namespace CLI

/// What CLI11's declaration of an option says about its values.
namespace regstream::configuration {

/// The long name without dashes, which is the key in a file.
[[nodiscard]] const std::string& name_of(const CLI::Option& option);

/// The options that the environment and a file can set: all except those that are not
/// `configurable`, such as `--help`.
[[nodiscard]] std::vector<CLI::Option*> configurable_options(CLI::App& command);

/// The kind of value that a file must have for the option.
[[nodiscard]] ValueKind kind_of(const CLI::Option& option);

[[nodiscard]] bool is_repeatable(const CLI::Option& option);

/// Accepts one of `values`; otherwise the error names the nearest one. Compare `CLI::IsMember`.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> values);

}  // namespace regstream::configuration
