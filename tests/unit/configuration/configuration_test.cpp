#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "configuration/configuration.hpp"
#include "configuration/option_table.hpp"
#include "configuration/option_values.hpp"
#include "temporary_folder.hpp"

using namespace regstream::configuration;
using regstream::test::TemporaryFolder;

namespace {

// A command with an option of each kind.
struct Command {
  Command() {
    app.require_subcommand(1);
    serve = app.add_subcommand("serve");
    serve->add_option("--port", port, "Port to listen on")
        ->check(CLI::Range(0, 65'535))
        ->capture_default_str()
        ->group("Address");
    serve->add_option("--host", hosts, "Names")->expected(1)->take_all()->group("Address");
    serve->add_option("--mode", mode, "On|off")
        ->check(one_of({"auto", "on", "off"}))
        ->capture_default_str();
    serve->add_option("--rate", rate, "A share");
    serve->add_option("--journal", journal, "A file");
    serve->add_flag("--demo", demo, "The sample");
    serve->add_option("--config", config, "A file")->configurable(false);
  }

  void parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "serve");
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  }

  Configuration configure(const std::vector<std::string>& variables, const std::string& text = {}) {
    std::ofstream(file()) << text;
    return {*serve, variables, text.empty() ? std::string() : file()};
  }

  std::string refusal(const std::vector<std::string>& variables, const std::string& text = {}) {
    try {
      configure(variables, text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  }

  [[nodiscard]] std::string file() const { return (folder / "bank.toml").string(); }

  TemporaryFolder folder;
  CLI::App app{"", "regstream"};
  CLI::App* serve = nullptr;
  int port = 80;
  std::vector<std::string> hosts;
  std::string mode = "auto";
  std::optional<double> rate;
  std::optional<std::string> journal;
  std::string config;
  bool demo = false;
};

std::string printed(const Configuration& configuration) {
  std::ostringstream text;
  configuration.print(text);
  return text.str();
}

}  // namespace

TEST_CASE(
    "the command line overrides variables and they override the file and it overrides defaults") {
  Command command;
  command.parse({"--port", "1"});
  command.configure({"REGSTREAM_PORT=2", "REGSTREAM_MODE=on"},
                    "port = 3\nmode = 'off'\nrate = 0.5\ndemo = true\n");
  CHECK(command.port == 1);
  CHECK(command.mode == "on");
  CHECK(command.rate == 0.5);
  CHECK(command.demo);
  CHECK(!command.journal);
}

TEST_CASE("a repeatable option has all of its values from one place") {
  Command command;
  command.parse({});
  command.configure({"REGSTREAM_HOST=a,b"}, "host = ['c']\n");
  CHECK(command.hosts == std::vector<std::string>{"a", "b"});
  Command other;
  other.parse({});
  other.configure({}, "host = ['c,d', 'e']\n");
  CHECK(other.hosts == std::vector<std::string>{"c,d", "e"});
  Command single;
  single.parse({});
  single.configure({}, "host = 'c'\n");
  CHECK(single.hosts == std::vector<std::string>{"c"});
  Command empty;
  empty.parse({});
  empty.configure({}, "host = []\n");
  CHECK(empty.hosts.empty());
}

TEST_CASE("an unknown name is refused with its place and the nearest right one") {
  Command command;
  command.parse({});
  CHECK(command.refusal({"REGSTREAM_PROT=1"}) ==
        "REGSTREAM_PROT: no option belongs to this variable; did you mean REGSTREAM_PORT?");
  CHECK(command.refusal({}, "\nprot = 1\n") ==
        command.file() + ":2:1: \"prot\" is not an option of `serve`; did you mean port?");
  CHECK(command.refusal({}, "help = true\n").find("\"help\" is not an option") !=
        std::string::npos);
  CHECK(command.refusal({}, "config = 'x'\n").find("\"config\" is not an option") !=
        std::string::npos);
}

TEST_CASE("a wrong value is refused with its place") {
  const auto refusal = [](const std::vector<std::string>& variables, const std::string& text = {}) {
    Command command;
    command.parse({});
    std::string what = command.refusal(variables, text);
    const std::size_t at = what.find(command.file());
    return at == 0 ? what.substr(command.file().size()) : what;
  };
  CHECK(refusal({}, "port = 65536\n").find(":1:1: --port: ") == 0);
  CHECK(refusal({}, "port = '1'\n") == ":1:1: port takes a number, without quotes");
  CHECK(refusal({}, "port = [1]\n") == ":1:1: port takes one value, not an array");
  CHECK(refusal({}, "mode = 1\n") == ":1:1: mode takes text, in quotes");
  CHECK(refusal({}, "demo = 'yes'\n") == ":1:1: demo takes true or false");
  CHECK(refusal({}, "host = [1]\n") == ":1:1: host takes text, in quotes");
  CHECK(refusal({}, "mode = 'onn'\n") ==
        ":1:1: --mode: \"onn\" is not in {auto,on,off}; did you mean on?");
  CHECK(refusal({"REGSTREAM_MODE=onn"}).find("REGSTREAM_MODE: --mode: \"onn\"") == 0);
  CHECK(refusal({"REGSTREAM_DEMO=maybe"}).find("REGSTREAM_DEMO: \"maybe\" is not true") == 0);
  CHECK(refusal({"REGSTREAM_RATE=1x"}).find("REGSTREAM_RATE: \"1x\" is not a number") == 0);
  CHECK(refusal({"REGSTREAM_PORT=x"}).find("REGSTREAM_PORT: ") == 0);
}

TEST_CASE("the name of an overridden value is checked but not the value") {
  Command command;
  command.parse({"--port", "1"});
  CHECK(command.refusal({"REGSTREAM_PORT=x"}, "port = 'x'\n") == "accepted");
  CHECK(command.refusal({}, "ports = 1\n").find("did you mean port?") != std::string::npos);
}

TEST_CASE("possible secrets in a value are not printed") {
  Command command;
  command.parse({"--host", "https://bank/keys?token=hunter2", "--host", "me:hunter2@bank"});
  const std::string text =
      printed(command.configure({"REGSTREAM_JOURNAL=redis://:hunter2@bank:1"}));
  CHECK(text.find("hunter2") == std::string::npos);
  CHECK(text.find(R"(host = ["https://bank/keys?…", "…@bank"])") != std::string::npos);
  CHECK(text.find(R"(journal = "redis://…@bank:1")") != std::string::npos);
}

TEST_CASE("the printed configuration is a file with the same meaning and with origins") {
  Command command;
  command.parse({"--port", "1", "--host", "b\"\\\x7f", "--host", "c"});
  const std::string text =
      printed(command.configure({"REGSTREAM_MODE=on"}, "rate = 0.5\ndemo = true\n"));
  CHECK(text ==
        "port = 1  # command line\n"
        "host = [\"b\\\"\\\\\\u007f\", \"c\"]  # command line\n"
        "mode = \"on\"  # REGSTREAM_MODE\n"
        "rate = 0.5  # " +
            command.file() +
            ":1:1\n"
            "# journal  # not given\n"
            "demo = true  # " +
            command.file() + ":2:1\n");
  Command again;
  again.parse({});
  again.configure({}, text);
  CHECK(again.port == 1);
  CHECK(again.hosts == command.hosts);
  CHECK(again.mode == "on");
  CHECK(again.rate == 0.5);
  CHECK(again.demo);

  Command defaults;
  defaults.parse({});
  CHECK(printed(defaults.configure({})) ==
        "# port = 80  # default\n# host = []  # default\n# mode = \"auto\"  # default\n"
        "# rate  # not given\n# journal  # not given\n# demo = false  # default\n");
}

TEST_CASE("the file sets what neither the command line nor a variable sets") {
  Command command;
  command.parse({"--port", "1"});
  const Configuration configuration =
      command.configure({"REGSTREAM_RATE=0.5"}, "port = 2\nrate = 0.1\nmode = 'on'\n");
  CHECK(configuration.file_for("mode") == command.file());
  CHECK(configuration.file_for("journal") == command.file());
  CHECK(configuration.file_for("port").empty());
  CHECK(configuration.file_for("rate").empty());
  CHECK(Command().configure({}).file_for("mode").empty());
}

TEST_CASE("the file is named by an option or by a variable") {
  CHECK(file_named_by("", {"PATH=x"}).empty());
  CHECK(file_named_by("", {"REGSTREAM_CONFIG=a.toml"}) == "a.toml");
  CHECK(file_named_by("b.toml", {"REGSTREAM_CONFIG=a.toml"}) == "b.toml");
  Command command;
  command.parse({});
  CHECK(command.refusal({"REGSTREAM_CONFIG=a.toml"}) == "accepted");
}

TEST_CASE("an unknown option of the command line gets the nearest one suggested") {
  Command command;
  CHECK_THROWS_AS(command.parse({"--prot=7"}), CLI::ExtrasError);
  CHECK(suggest_word(command.app) == "; did you mean --port?");
}

TEST_CASE("an unknown command gets the nearest one suggested and a known one gets nothing") {
  Command command;
  CHECK_THROWS_AS(command.app.parse(std::vector<std::string>{"srve"}), CLI::RequiredError);
  CHECK(suggest_word(command.app) == "; did you mean serve?");
  Command other;
  CHECK_THROWS_AS(other.parse({"--port", "x"}), CLI::ParseError);
  CHECK(suggest_word(other.app).empty());
}

TEST_CASE("the table has each option with its variable and values and default and meaning") {
  Command command;
  std::ostringstream table;
  print_option_table(*command.serve, table);
  CHECK(table.str() ==
        "### Address\n\n"
        "| option | variable | values | default | meaning |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `--port` | `REGSTREAM_PORT` | 0 to 65535 | `80` | Port to listen on |\n"
        "| `--host` | `REGSTREAM_HOST` | text, repeatable |  | Names |\n\n"
        "### Options\n\n"
        "| option | variable | values | default | meaning |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `--mode` | `REGSTREAM_MODE` | auto, on, off | `auto` | On\\|off |\n"
        "| `--rate` | `REGSTREAM_RATE` | number |  | A share |\n"
        "| `--journal` | `REGSTREAM_JOURNAL` | text |  | A file |\n"
        "| `--demo` | `REGSTREAM_DEMO` | flag |  | The sample |\n\n");
}
