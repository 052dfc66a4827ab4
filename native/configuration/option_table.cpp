#include "configuration/option_table.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "configuration/environment.hpp"
#include "configuration/option_values.hpp"

namespace regstream::configuration {
namespace {

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

// CLI11 describes a range as "INT:INT in [0 - 65535]", and names as "TEXT:{a,b}".
std::string values_of(const CLI::Option& option) {
  if (kind_of(option) == ValueKind::boolean) {
    return "flag";
  }
  const std::string type = option.get_type_name();
  std::string values = kind_of(option) == ValueKind::number ? "number" : "text";
  if (const std::size_t begin = type.find('{'); begin != std::string::npos) {
    values = type.substr(begin + 1, type.find('}', begin) - begin - 1);
    for (std::size_t comma = values.find(','); comma != std::string::npos;
         comma = values.find(',', comma + 2)) {
      values.insert(comma + 1, " ");
    }
  } else if (const std::size_t range = type.find('['); range != std::string::npos) {
    values = type.substr(range + 1, type.find(']', range) - range - 1);
    values.replace(values.find(" - "), 3, " to ");
  }
  return is_repeatable(option) ? values + ", repeatable" : values;
}

std::string cell(std::string text) {
  for (std::size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar + 2)) {
    text.insert(bar, "\\");
  }
  return text;
}

}  // namespace

void print_option_table(CLI::App& command, std::ostream& output) {
  std::vector<std::string> groups;
  const std::vector<CLI::Option*> options = configurable_options(command);
  for (const CLI::Option* const option : options) {
    const std::string& group = option->get_group();
    if (!group.empty() && std::find(groups.begin(), groups.end(), group) == groups.end()) {
      groups.push_back(group);
    }
  }
  for (const std::string& group : groups) {
    output << "### " << group << "\n\n"
           << "| option | variable | values | default | meaning |\n"
           << "| --- | --- | --- | --- | --- |\n";
    for (const CLI::Option* const option : options) {
      if (option->get_group() != group) {
        continue;
      }
      output << "| " << code("--" + name_of(*option)) << " | "
             << code(variable_of(name_of(*option))) << " | " << cell(values_of(*option)) << " | "
             << cell(code(option->get_default_str())) << " | " << cell(option->get_description())
             << " |\n";
    }
    output << '\n';
  }
}

}  // namespace regstream::configuration
