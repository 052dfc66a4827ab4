#include "cli/redis_options.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace regstream::cli {
namespace {

/// Refuses an option that people try for a secret. The error doesn't repeat the value.
void refuse_secret(CLI::App& command, const std::string& variable) {
  std::string option = "--" + variable;
  std::transform(option.begin(), option.end(), option.begin(), [](unsigned char letter) {
    return letter == '_' ? '-' : static_cast<char>(std::tolower(letter));
  });
  command
      .add_option_function<std::string>(
          option,
          [option, variable](const std::string& /*secret*/) {
            throw CLI::ValidationError(
                option,
                "is not an option, because everybody on this machine can read arguments: set " +
                    variable);
          })
      ->group("")
      ->configurable(false);
}

}  // namespace

void add_redis_options(CLI::App& command, broker::RedisArguments& arguments,
                       const std::string& group) {
  for (const broker::RedisSettingDefinition& definition : broker::redis_settings) {
    if (definition.kind == broker::SettingKind::secret) {
      refuse_secret(command, definition.variable);
    }
    if (*definition.option == '\0') {
      continue;
    }
    std::vector<std::string>& values = arguments[definition.setting];
    std::string meaning = definition.meaning;
    if (*definition.variable != '\0') {
      meaning.append("; also by ").append(definition.variable);
    }
    if (definition.kind == broker::SettingKind::flag) {
      command
          .add_flag_function(
              definition.option,
              [&values](std::int64_t count) { values = {count > 0 ? "true" : "false"}; }, meaning)
          ->group(group);
      continue;
    }
    CLI::Option* const option =
        command
            .add_option_function<std::vector<std::string>>(
                definition.option,
                [&values](const std::vector<std::string>& given) { values = given; }, meaning)
            ->expected(1)
            ->group(group);
    if (definition.kind == broker::SettingKind::list) {
      option->take_all();
    } else if (definition.kind == broker::SettingKind::number) {
      option->type_name("INT")->check(CLI::Range(definition.min, definition.max));
    }
  }
}

}  // namespace regstream::cli
