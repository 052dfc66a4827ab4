#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "configuration/file.hpp"
#include "temporary_folder.hpp"

using namespace regstream::configuration;
using regstream::test::TemporaryFolder;

namespace {

std::string refusal(const std::string& text) {
  try {
    static_cast<void>(parse_file(text, "bank.toml"));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal_of_file(const std::string& path) {
  try {
    static_cast<void>(read_file(path));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a file gives its settings in order and with their places") {
  const auto settings = parse_file(
      "# The bank's.\nport = 8_080\nallow-host = [\"a.example\", 'b.example']\n"
      "demo = true\n  t24-fault-rate = 0.25\n",
      "bank.toml");
  REQUIRE(settings.size() == 4);
  CHECK(settings[0].option == "port");
  CHECK(settings[0].origin == "bank.toml:2:1");
  CHECK(settings[0].kind == ValueKind::number);
  CHECK(settings[0].values == std::vector<std::string>{"8080"});
  CHECK(settings[1].is_list);
  CHECK(settings[1].kind == ValueKind::text);
  CHECK(settings[1].values == std::vector<std::string>{"a.example", "b.example"});
  CHECK(settings[2].kind == ValueKind::boolean);
  CHECK(settings[2].values == std::vector<std::string>{"true"});
  CHECK(settings[3].origin == "bank.toml:5:3");
  CHECK(settings[3].values == std::vector<std::string>{"0.25"});
}

TEST_CASE("malformed content of a file is refused with its place") {
  CHECK(refusal("port = \n").find("bank.toml:1:") == 0);
  CHECK(refusal("port = 1\nport = 2\n").find("bank.toml:2:") == 0);
  CHECK(refusal("[tls]\ncert = 'a'\n").find("bank.toml:1:2: \"tls\" is a section") == 0);
  CHECK(refusal("[[tls]]\ncert = 'a'\n").find("\"tls\" is a section") != std::string::npos);
  CHECK(refusal("tls.cert = 'a'\n").find("\"tls\" is a section") != std::string::npos);
  CHECK(refusal("day = 2024-01-01\n").find("bank.toml:1:7: day takes text") == 0);
  CHECK(refusal("a = [[1]]\n").find("a takes text") != std::string::npos);
  CHECK(refusal("a = [1, 'b']\n").find("bank.toml:1:9: a has values of different types") == 0);
  CHECK(refusal("a = '\xff'\n").find("bank.toml:1:") == 0);
}

TEST_CASE("a file that can't be read is refused and so is an endless one") {
  const TemporaryFolder folder;
  const std::string path = (folder / "bank.toml").string();
  CHECK(refusal_of_file(path) == "\"" + path + "\" can't be read: No such file or directory");
  CHECK(refusal_of_file((folder / "").string()).find("can't be read") != std::string::npos);
  CHECK(refusal_of_file("/dev/zero").find("larger than 1 MiB") != std::string::npos);
  std::ofstream(path) << "port = 1\n";
  REQUIRE(read_file(path).size() == 1);
  CHECK(read_file(path)[0].origin == path + ":1:1");
}
