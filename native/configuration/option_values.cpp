#include "configuration/option_values.hpp"

#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>

#include "configuration/nearest_name.hpp"
#include "log/printable.hpp"

namespace regstream::configuration {

const std::string& name_of(const CLI::Option& option) {
  return option.get_single_name();
}

std::vector<CLI::Option*> configurable_options(CLI::App& command) {
  return command.get_options([](const CLI::Option* option) { return option->get_configurable(); });
}

ValueKind kind_of(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) {
    return ValueKind::boolean;
  }
  // CLI11 gives the variable's type, followed by the checks.
  const std::string type = option.get_type_name();
  const std::string name = type.substr(0, type.find_first_of(": "));
  const bool is_number = name == "INT" || name == "UINT" || name == "FLOAT";
  return is_number ? ValueKind::number : ValueKind::text;
}

bool is_repeatable(const CLI::Option& option) {
  return option.get_items_expected_max() > 0 &&
         (option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll ||
          option.get_items_expected_max() > 1);
}

CLI::Validator one_of(std::vector<std::string> values) {
  std::string names;
  for (const std::string& value : values) {
    names.append(names.empty() ? "" : ",").append(value);
  }
  CLI::Validator validator("{" + names + "}");
  validator.operation([values = std::move(values), names](std::string& value) {
    if (std::find(values.begin(), values.end(), value) != values.end()) {
      return std::string();
    }
    return quote_value(value) + " is not in {" + names + "}" + suggest_name(value, values);
  });
  return validator;
}

}  // namespace regstream::configuration
