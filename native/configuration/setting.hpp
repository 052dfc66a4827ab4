#pragma once

#include <string>
#include <vector>

namespace regstream::configuration {

/// The kind of a value in its source. Variables have text only, which may mean any kind.
enum class ValueKind { any, text, number, boolean };

/// What the environment or a file sets for one option.
struct Setting {
  std::string option;  ///< The option's long name without dashes.
  std::string origin;  ///< Where it was set: a variable's name, or file:line:column.
  ValueKind kind = ValueKind::any;
  bool is_list = false;
  std::vector<std::string> values = {};  ///< As on a command line.
};

}  // namespace regstream::configuration
