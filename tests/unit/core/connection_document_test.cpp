#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <regstream/connection/transitions.hpp>
#include <string>

#include "connection_document.hpp"

using namespace regstream;
using namespace regstream::docs;

namespace {

std::string read(const std::string& path) {
  std::ifstream file(REGSTREAM_CORE_FOLDER + ("/" + path), std::ios::binary);
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string header() {
  return read("include/regstream/connection/transitions.hpp");
}

template <typename Enumeration>
void check_names(std::string_view name, Enumeration last) {
  const auto found = enumerators(header(), name);
  REQUIRE(found.size() == static_cast<std::size_t>(last) + 1);
  for (std::size_t index = 0; index < found.size(); ++index) {
    CHECK(found[index].name == to_string(static_cast<Enumeration>(index)));
    CAPTURE(found[index].name);
    CHECK(found[index].meaning.ends_with('.'));
  }
  CHECK(to_string(static_cast<Enumeration>(200)).empty());
}

}  // namespace

TEST_CASE("the document of the connection machine is generated from its table") {
  const std::string document = read("docs/connection.md");
  const auto expected = with_generated(document, describe_connection(header()));
  REQUIRE(expected.has_value());
  INFO(
      "core/docs/connection.md is not what transitions.hpp gives. Write it anew: cmake --build "
      "build "
      "--target connection_diagram && build/bin/connection_diagram core");
  CHECK((document == *expected));
}

TEST_CASE("every state and reason and event has its enumerator's name and a meaning") {
  check_names("ConnectionState", ConnectionState::closed);
  check_names("ConnectionReason", ConnectionReason::polled);
  check_names("ConnectionEvent", ConnectionEvent::deadline);
}

TEST_CASE("the enumerators are read with comments of several lines and nothing else is read") {
  const auto found = enumerators(
      "enum class Other { x };\nenum class Thing : int {\n  one,  ///< First, and\n"
      "        ///< foremost.\n\n  two,    ///< Second.\n};\nint three,  ///< No.\n",
      "Thing");
  REQUIRE(found.size() == 2);
  CHECK(found[0].name == "one");
  CHECK(found[0].meaning == "First, and foremost.");
  CHECK(found[1].name == "two");
  CHECK(enumerators("enum class Thing : int {\n  one,  ///< Cut", "Thing").empty());
  CHECK(enumerators("", "Thing").empty());
}

TEST_CASE("a document without markers is refused") {
  CHECK_FALSE(with_generated("text", "x").has_value());
  CHECK_FALSE(with_generated("<!-- generated: end -->\n<!-- generated: begin -->\n", "x"));
}
