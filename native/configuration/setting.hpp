#pragma once

#include <string>
#include <vector>

namespace regstream::configuration {

/// What a value is where it stands. The environment knows only text, which may mean any of them.
enum class ValueKind { any, text, number, boolean };

/// What the environment or a file says of one option.
struct Setting {
  std::string option;  ///< Its long name, without dashes.
  std::string origin;  ///< Where it was said: a variable's name, or file:line:column.
  ValueKind kind = ValueKind::any;
  bool is_list = false;
  std::vector<std::string> values = {};  ///< As they would stand on a command line.
};

}  // namespace regstream::configuration
