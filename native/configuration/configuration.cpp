#include "configuration/configuration.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "configuration/environment.hpp"
#include "configuration/file.hpp"
#include "configuration/nearest_name.hpp"
#include "configuration/option_values.hpp"
#include "configuration/setting.hpp"
#include "log/printable.hpp"

namespace regstream::configuration {
namespace {

constexpr std::string_view command_line = "command line";
constexpr std::string_view file_option = "config";

[[noreturn]] void refuse(const Setting& setting, const std::string& what) {
  throw std::invalid_argument(setting.origin + ": " + what);
}

std::string_view describe(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean:
      return "true or false";
    case ValueKind::number:
      return "a number, without quotes";
    case ValueKind::text:
    case ValueKind::any:
      break;
  }
  return "text, in quotes";
}

std::vector<std::string> split_at_commas(const std::string& list) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin <= list.size()) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

void check_kind(const CLI::Option& option, const Setting& setting) {
  if (setting.is_list && !is_repeatable(option)) {
    refuse(setting, name_of(option) + " takes one value, not an array");
  }
  const ValueKind kind = kind_of(option);
  if (setting.kind != ValueKind::any && setting.kind != kind) {
    refuse(setting, name_of(option) + " takes " + std::string(describe(kind)));
  }
}

void apply(CLI::Option& option, const Setting& setting) {
  check_kind(option, setting);
  if (setting.values.empty()) {
    return;  // An empty array counts as no key.
  }
  const bool is_split = setting.kind == ValueKind::any && is_repeatable(option);
  for (const std::string& value :
       is_split ? split_at_commas(setting.values.front()) : setting.values) {
    option.add_result(value);
  }
  try {
    option.run_callback();
  } catch (const CLI::ConversionError&) {
    refuse(setting, quote_value(setting.values.front()) + " is not " +
                        std::string(describe(kind_of(option))));
  } catch (const CLI::ParseError& error) {
    refuse(setting, error.what());
  }
}

/// A TOML string for people, without what may be a secret. TOML strings have all of JSON's escapes.
std::string quoted(const std::string& text) {
  const nlohmann::json json = hide_secrets(text);
  return printable(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string number_text(const CLI::Option& option) {
  return option.get_type_name().starts_with("FLOAT") ? nlohmann::json(option.as<double>()).dump()
                                                     : std::to_string(option.as<std::int64_t>());
}

/// The given value, as the right side of a TOML line.
std::string given_value(const CLI::Option& option) {
  switch (kind_of(option)) {
    case ValueKind::boolean:
      return option.as<bool>() ? "true" : "false";
    case ValueKind::number:
      if (!is_repeatable(option)) {
        return number_text(option);
      }
      break;
    case ValueKind::text:
    case ValueKind::any:
      break;
  }
  if (!is_repeatable(option)) {
    return quoted(option.results().back());
  }
  std::string list;
  for (const std::string& value : option.results()) {
    list.append(list.empty() ? "" : ", ").append(quoted(value));
  }
  return "[" + list + "]";
}

/// The same for the default; empty if there is none.
std::string default_value(const CLI::Option& option) {
  const std::string text = option.get_default_str();
  if (kind_of(option) == ValueKind::boolean) {
    return text.empty() ? "false" : text;
  }
  if (text.empty() || is_repeatable(option)) {
    return is_repeatable(option) ? "[]" : std::string();
  }
  return kind_of(option) == ValueKind::number ? text : quoted(text);
}

}  // namespace

Configuration::Configuration(CLI::App& command, const std::vector<std::string>& variables,
                             const std::string& file)
    : file_(file) {
  for (CLI::Option* const option : configurable_options(command)) {
    entries_.push_back({.option = option,
                        .origin = option->empty() ? "" : std::string(command_line),
                        .is_left_to_file = option->empty()});
  }
  std::vector<Setting> settings = read_environment(variables);
  const std::size_t of_environment = settings.size();
  if (!file.empty()) {
    std::vector<Setting> more = read_file(file);
    std::move(more.begin(), more.end(), std::back_inserter(settings));
  }
  for (std::size_t index = 0; index < settings.size(); ++index) {
    const Setting& setting = settings[index];
    const bool is_variable = index < of_environment;
    if (is_variable && setting.option == file_option) {
      continue;
    }
    Entry* const entry = find(setting.option);
    if (entry == nullptr) {
      std::vector<std::string> known = names();
      if (is_variable) {
        std::transform(known.begin(), known.end(), known.begin(), variable_of);
        refuse(setting, "no option belongs to this variable" + suggest_name(setting.origin, known));
      }
      refuse(setting, quote_value(setting.option) + " is not an option of `" + command.get_name() +
                          "`" + suggest_name(setting.option, known));
    }
    if (entry->origin.empty()) {
      apply(*entry->option, setting);
      entry->origin = setting.origin;
      entry->is_left_to_file = !is_variable;
    }
  }
}

Configuration::Entry* Configuration::find(const std::string& option) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&option](const Entry& entry) {
    return name_of(*entry.option) == option;
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::string Configuration::file_for(const std::string& option) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&option](const Entry& entry) {
    return name_of(*entry.option) == option && entry.is_left_to_file;
  });
  return found == entries_.end() ? std::string() : file_;
}

std::vector<std::string> Configuration::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    names.push_back(name_of(*entry.option));
  }
  return names;
}

void Configuration::print(std::ostream& output) const {
  for (const Entry& entry : entries_) {
    const std::string& name = name_of(*entry.option);
    if (!entry.origin.empty() && !entry.option->empty()) {
      output << name << " = " << given_value(*entry.option) << "  # " << printable(entry.origin)
             << '\n';
      continue;
    }
    const std::string value = default_value(*entry.option);
    output << "# " << name << (value.empty() ? "" : " = ") << value
           << (value.empty() ? "  # not given\n" : "  # default\n");
  }
}

std::string file_named_by(const std::string& option, const std::vector<std::string>& variables) {
  if (!option.empty()) {
    return option;
  }
  for (const Setting& setting : read_environment(variables)) {
    if (setting.option == file_option) {
      return setting.values.front();
    }
  }
  return {};
}

std::string suggest_word(const CLI::App& app) {
  std::vector<std::string> unknown = app.remaining();
  std::vector<std::string> names;
  const auto add_options = [&names](const CLI::App& owner) {
    for (const CLI::Option* const option : owner.get_options({})) {
      for (const std::string& name : option->get_lnames()) {
        names.push_back("--" + name);
      }
    }
  };
  add_options(app);
  const std::vector<CLI::App*> given = app.get_subcommands();
  for (const CLI::App* const command : given) {
    const std::vector<std::string> more = command->remaining();
    unknown.insert(unknown.end(), more.begin(), more.end());
    add_options(*command);
  }
  if (given.empty()) {
    for (const CLI::App* const command : app.get_subcommands({})) {
      names.push_back(command->get_name());
    }
  }
  for (const std::string& word : unknown) {
    if (word.starts_with("--") || given.empty()) {
      return suggest_name(std::string_view(word).substr(0, word.find('=')), names);
    }
  }
  return {};
}

}  // namespace regstream::configuration
