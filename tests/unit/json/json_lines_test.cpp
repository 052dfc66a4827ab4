#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "json/json_lines.hpp"

using namespace regstream::json_fields;

namespace {

JsonProblem problem_of(std::string_view text, const JsonLimits& limits = {}) {
  const auto result = read_json_lines(text, limits);
  REQUIRE(std::holds_alternative<JsonProblem>(result));
  return std::get<JsonProblem>(result);
}

}  // namespace

TEST_CASE("Every value has the line in which it begins") {
  const auto result = read_json_lines(
      "{\n"                       // 1
      "  \"text\": \"a\\nb\",\n"  // 2
      "  \"number\": 12\n"        // 3: the parser reads the line's end to see that it ends
      "  , \"list\": [1,\n"       // 4
      "    2.5\n"                 // 5
      "    , { \"deep\":\n"       // 6
      "      true }, null]\n"     // 7
      "}\n");
  REQUIRE(std::holds_alternative<JsonLines>(result));
  CHECK(std::get<JsonLines>(result) == JsonLines{{"", 1},
                                                 {"text", 2},
                                                 {"number", 3},
                                                 {"list", 4},
                                                 {"list[0]", 4},
                                                 {"list[1]", 5},
                                                 {"list[2]", 6},
                                                 {"list[2].deep", 7},
                                                 {"list[3]", 7}});
}

TEST_CASE("Text that is not JSON is reported with its place and what was expected") {
  const JsonProblem problem = problem_of("{\n \"steps\": [\n  {\"after\": 1,}\n ]\n}");
  CHECK(problem.line == 3);
  CHECK(problem.field == "steps[0].after");
  CHECK(problem.what.find("is no valid JSON: syntax error") == 0);
  CHECK(problem.is_syntax);
  CHECK(problem_of("").line == 1);
  CHECK(problem_of("[1] 2").what.find("is no valid JSON") == 0);
  CHECK(problem_of("[\"\xff\"]").what.find("is no valid JSON") == 0);
  CHECK(problem_of("[\n1e999]").line == 2);
  // A line's end that is itself wrong belongs to its line.
  CHECK(problem_of("[tru\n]").line == 1);
  CHECK(problem_of("[\"a\n\"]").line == 1);
  CHECK(problem_of("[1\n").line == 1);
  CHECK(problem_of("[1\n 2]").line == 2);
}

TEST_CASE("A repeated key is refused at its second place") {
  const JsonProblem problem = problem_of("{\"a\": {\"b\": 1,\n \"b\": 2}}");
  CHECK(problem.line == 2);
  CHECK(problem.field == "a.b");
  CHECK(problem.what == "is given twice");
}

TEST_CASE("Size and depth and the number of values are bounded") {
  CHECK(problem_of("[1]", {.bytes_max = 2}).what == "is longer than 2 bytes");
  CHECK(problem_of("[[[1]]]", {.depth_max = 2}).field == "[0][0]");
  CHECK(problem_of("[1, 2]", {.values_max = 2}).field == "[1]");
  // "a", "a[0]" and "a[1]".
  CHECK(problem_of(R"({"a": [1, 2]})", {.fields_bytes_max = 8}).what ==
        "has values whose names together are longer than 8 bytes");
  CHECK(std::holds_alternative<JsonLines>(read_json_lines(
      "[1]", {.bytes_max = 3, .depth_max = 1, .values_max = 2, .fields_bytes_max = 3})));
}
