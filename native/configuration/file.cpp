#include "configuration/file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <toml++/toml.h>

#include "log/printable.hpp"

namespace regstream::configuration {
namespace {

std::string place(const std::string& name, const toml::source_position& position) {
  return name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

[[noreturn]] void refuse(const std::string& origin, const std::string& what) {
  throw std::invalid_argument(origin + ": " + what);
}

struct Value {
  ValueKind kind;
  std::string text;
};

std::string text_of(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

// Nothing for a date, a time, a table or an array.
std::optional<Value> value_of(const toml::node& node) {
  if (const auto* const text = node.as_string()) {
    return Value{ValueKind::text, text->get()};
  }
  if (const auto* const number = node.as_integer()) {
    return Value{ValueKind::number, std::to_string(number->get())};
  }
  if (const auto* const number = node.as_floating_point()) {
    return Value{ValueKind::number, text_of(number->get())};
  }
  if (const auto* const flag = node.as_boolean()) {
    return Value{ValueKind::boolean, flag->get() ? "true" : "false"};
  }
  return std::nullopt;
}

Setting setting_of(const toml::key& key, const toml::node& node, const std::string& name) {
  Setting setting{.option = std::string(key.str()), .origin = place(name, key.source().begin)};
  if (node.is_table() || node.is_array_of_tables()) {
    refuse(setting.origin, quote_value(setting.option) +
                               " is a section, which a configuration file can't have: write every "
                               "option at the top level");
  }
  const auto add_value = [&setting, &name](const toml::node& part) {
    auto value = value_of(part);
    if (!value) {
      refuse(place(name, part.source().begin),
             setting.option + " takes text, a number, true or false, or an array of them");
    }
    if (!setting.values.empty() && value->kind != setting.kind) {
      refuse(place(name, part.source().begin), setting.option + " has values of different types");
    }
    setting.kind = value->kind;
    setting.values.push_back(std::move(value->text));
  };
  if (const auto* const array = node.as_array()) {
    setting.is_list = true;
    for (const toml::node& element : *array) {
      add_value(element);
    }
  } else {
    add_value(node);
  }
  return setting;
}

}  // namespace

std::vector<Setting> parse_file(std::string_view text, const std::string& name) {
  std::vector<std::pair<toml::source_position, Setting>> placed;
  try {
    const toml::table table = toml::parse(text);
    for (const auto& entry : table) {
      placed.emplace_back(entry.first.source().begin, setting_of(entry.first, entry.second, name));
    }
  } catch (const toml::parse_error& error) {
    refuse(place(name, error.source().begin), std::string(error.description()));
  }
  std::sort(placed.begin(), placed.end(),
            [](const auto& left, const auto& right) { return left.first < right.first; });
  std::vector<Setting> settings;
  settings.reserve(placed.size());
  for (auto& entry : placed) {
    settings.push_back(std::move(entry.second));
  }
  return settings;
}

std::vector<Setting> read_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    const int reason = errno;
    throw std::invalid_argument(
        quote_value(path) + " can't be read" +
        (reason == 0 ? std::string() : ": " + std::generic_category().message(reason)));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max) {
    throw std::invalid_argument(quote_value(path) +
                                " is larger than 1 MiB, so it is hardly a configuration file");
  }
  return parse_file(text, path);
}

}  // namespace regstream::configuration
