#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
class Option;
}  // namespace CLI

/// Options from four places. The declarations for the command line are the only table: every option
/// of a command can also be set by a variable and by a key of the file.
namespace regstream::configuration {

/// Where the options of a command came from. Precedence: the command line, the environment, the
/// file, the default. A repeatable option takes all its values from one of them.
class Configuration {
 public:
  /// Call it once the command line has been parsed. Sets each option that the command line left out
  /// from `variables` (see `read_environment`), or from the TOML file `file` (empty: no file).
  /// Throws std::invalid_argument with one sentence: what is wrong, where, and for an unknown name
  /// the nearest right one. `command` must outlive this.
  Configuration(CLI::App& command, const std::vector<std::string>& variables,
                const std::string& file);

  /// The file, if it decides this option, or would if it had the option. Empty if there is no file,
  /// or if the command line or the environment decides.
  [[nodiscard]] std::string file_for(const std::string& option) const;

  /// Prints each value with its origin, as a configuration file with the same meaning. Defaults are
  /// comments. What may be a secret is hidden (`hide_secrets`).
  void print(std::ostream& output) const;

 private:
  struct Entry {
    CLI::Option* option;
    std::string origin;           // Empty: the default.
    bool is_left_to_file = true;  // Neither the command line nor the environment sets it.
  };

  [[nodiscard]] Entry* find(const std::string& option);
  [[nodiscard]] std::vector<std::string> names() const;

  std::string file_;
  std::vector<Entry> entries_;
};

/// The file that `--config` or `REGSTREAM_CONFIG` names, or an empty text.
[[nodiscard]] std::string file_named_by(const std::string& option,
                                        const std::vector<std::string>& variables);

/// What CLI11's errors lack: "; did you mean --port?" for the first word of the command line that
/// is not a command of `app`, or not an option of it and its command. Empty if there is no such
/// word, or no near name.
[[nodiscard]] std::string suggest_word(const CLI::App& app);

}  // namespace regstream::configuration
