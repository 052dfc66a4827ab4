#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own name.
class App;
class Option;
}  // namespace CLI

/// Options from four places. The declarations for the command line are the only table: whatever
/// option a command has, a variable and a key of the file set it, too.
namespace regstream::configuration {

/// Where the options of a command came from. Precedence: the command line, the environment, the
/// file, the default. An option that may be repeated takes all of its values from one of them.
class Configuration {
 public:
  /// To be called once the command line has been parsed: gives each option that it has left out the
  /// value of `variables` (see `read_environment`), or of the TOML file `file` (none if empty).
  /// Throws std::invalid_argument with one sentence: what was wrong, where, and for an unknown name
  /// the nearest right one. `command` must outlive this.
  Configuration(CLI::App& command, const std::vector<std::string>& variables,
                const std::string& file);

  /// The file, if it decides this option, or would if it named it. Empty: there is no file, or the
  /// command line or the environment decides.
  [[nodiscard]] std::string file_for(const std::string& option) const;

  /// Each value with its place, as a file that says the same: what is left at its default stands
  /// there as a comment, and what may be a secret is hidden (`hide_secrets`).
  void print(std::ostream& output) const;

 private:
  struct Entry {
    CLI::Option* option;
    std::string origin;           // Empty: its default.
    bool is_left_to_file = true;  // Neither the command line nor the environment decides it.
  };

  [[nodiscard]] Entry* find(const std::string& option);
  [[nodiscard]] std::vector<std::string> names() const;

  std::string file_;
  std::vector<Entry> entries_;
};

/// The file that `--config` or `REGSTREAM_CONFIG` names, or nothing.
[[nodiscard]] std::string file_named_by(const std::string& option,
                                        const std::vector<std::string>& variables);

/// What CLI11's errors leave out: "; did you mean --port?" for the first word of the command line
/// that is no command of `app`, or no option of it and its command. Empty if all are, or none is
/// near.
[[nodiscard]] std::string suggest_word(const CLI::App& app);

}  // namespace regstream::configuration
