#include "configuration/environment.hpp"

#include <unistd.h>

#include <algorithm>

namespace regstream::configuration {
namespace {

// ASCII only, independent of the program's locale.
char to_option_letter(char letter) {
  if (letter >= 'A' && letter <= 'Z') {
    return static_cast<char>(letter - 'A' + 'a');
  }
  return letter == '_' ? '-' : letter;
}

char to_variable_letter(char letter) {
  if (letter >= 'a' && letter <= 'z') {
    return static_cast<char>(letter - 'a' + 'A');
  }
  return letter == '-' ? '_' : letter;
}

// Whether this is a variable that Kubernetes sets for a Service ("Discovering services"). A pod
// gets them for every Service in its namespace. Those of a Service named regstream-other have a
// part in between.
bool is_service_link(std::string_view name, std::string_view value) {
  const auto contains = [name](std::string_view part) {
    return name.find(part) != std::string_view::npos;
  };
  if (name.ends_with("_SERVICE_HOST") || contains("_SERVICE_PORT")) {
    return true;
  }
  const bool is_url =
      value.starts_with("tcp://") || value.starts_with("udp://") || value.starts_with("sctp://");
  if (name.ends_with("_PORT") && is_url) {
    return true;
  }
  const std::size_t port = name.rfind("_PORT_");
  if (port == std::string_view::npos) {
    return false;
  }
  const std::string_view rest = name.substr(port + std::string_view("_PORT_").size());
  return !rest.empty() && rest.front() >= '0' && rest.front() <= '9';
}

}  // namespace

std::string variable_of(std::string_view option) {
  std::string name{variable_prefix};
  std::transform(option.begin(), option.end(), std::back_inserter(name), to_variable_letter);
  return name;
}

std::vector<Setting> read_environment(const std::vector<std::string>& variables) {
  std::vector<Setting> settings;
  for (const std::string& variable : variables) {
    const std::size_t equals = variable.find('=');
    const std::string_view name = std::string_view(variable).substr(0, equals);
    if (equals == std::string::npos || equals + 1 == variable.size() ||
        !name.starts_with(variable_prefix)) {
      continue;
    }
    const std::string_view value = std::string_view(variable).substr(equals + 1);
    if (is_service_link(name, value)) {
      continue;
    }
    Setting setting{.option = {}, .origin = std::string(name)};
    const std::string_view rest = name.substr(variable_prefix.size());
    std::transform(rest.begin(), rest.end(), std::back_inserter(setting.option), to_option_letter);
    setting.values.emplace_back(value);
    settings.push_back(std::move(setting));
  }
  return settings;
}

std::vector<std::string> variables_of_process() {
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  return variables;
}

}  // namespace regstream::configuration
