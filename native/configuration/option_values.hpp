#pragma once

#include <string>
#include <vector>

#include "configuration/setting.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
class Option;
class Validator;
}  // namespace CLI

/// What CLI11's declaration of an option says of its values.
namespace regstream::configuration {

/// The long name, without dashes. It is the key in a file.
[[nodiscard]] const std::string& name_of(const CLI::Option& option);

/// The options that the environment and a file may set: all but those such as `--help`, which are
/// not `configurable`.
[[nodiscard]] std::vector<CLI::Option*> configurable_options(CLI::App& command);

/// What a file has to give for one value of the option.
[[nodiscard]] ValueKind kind_of(const CLI::Option& option);

[[nodiscard]] bool is_repeatable(const CLI::Option& option);

/// The value is one of `values`; otherwise the nearest one is named. Compare `CLI::IsMember`.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> values);

}  // namespace regstream::configuration
