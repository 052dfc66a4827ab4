#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "net/json_body.hpp"

using namespace std::string_literals;
using Catch::Contains;
using regstream::net::check_json_body;
using regstream::net::json_body_depth_max;
using regstream::net::parse_json_body;

namespace {

std::string problem_of(const std::string& body) {
  const auto problem = check_json_body(body);
  REQUIRE(problem);
  CHECK(std::holds_alternative<regstream::net::JsonBodyProblem>(parse_json_body(body)));
  return problem->detail;
}

std::string nested(std::size_t levels, char open, char close) {
  // The object around them is a level, too.
  return R"({"a":)" + std::string(levels - 1, open) + std::string(levels - 1, close) + "}";
}

}  // namespace

TEST_CASE("a body is one JSON object") {
  for (const auto* body : {"[]", "7", "\"a\"", "null", "true", "1.5", "[{}]", "[1e999]"}) {
    CHECK(problem_of(body) == "The body must be a JSON object.");
  }
  for (const auto* body :
       {"", " ", "{", "}{", "{} {}", "{'a':1}", R"({"a":1,})", R"({"a":01})", R"({"a":NaN})",
        R"({"a":Infinity})", R"({"a":-})", "{\"a\":\"\n\"}", "{/* */}"}) {
    CHECK_THAT(problem_of(body), Contains("The body is not valid JSON: the error is at byte "));
  }
  CHECK_THAT(problem_of("{}\0{}"s), Contains("not valid JSON: the error is at byte 3"));
  // A byte order mark may be ignored (RFC 8259, 8.1).
  CHECK_FALSE(check_json_body("\xef\xbb\xbf{}"));
  const auto parsed = parse_json_body(" { \"a\" : [1, {\"a\": null}] } ");
  CHECK(std::get<nlohmann::json>(parsed) == nlohmann::json::parse(R"({"a":[1,{"a":null}]})"));
}

TEST_CASE("a number that no double can hold is refused wherever it stands") {
  for (const auto* body :
       {R"({"a":1e999})", R"({"a":-1e999})", R"({"a":{"b":[0,1e400]}})", R"({"a":1.8e308})"}) {
    CHECK_THAT(problem_of(body), Contains("a number that is too large at byte "));
  }
  CHECK_THAT(problem_of(R"({"a":)" + std::string(400, '9') + "}"), Contains("too large"));
  // These lose digits, and no more.
  CHECK_FALSE(check_json_body(R"({"a":123456789012345678901234567890,"b":1e-999,"c":1.7e308})"));
}

TEST_CASE("malformed UTF-8 and half of a surrogate pair are refused and not quoted") {
  for (const auto* body : {"{\"a\":\"Secret\xff\"}", "{\"a\":\"\xc0\x80\"}",
                           "{\"a\":\"\xed\xa0\x80\"}", R"({"a":"Secret\ud800"})",
                           R"({"a":"\udc00"})", R"({"a":"\ud800\u0041"})", R"({"a":"Secret)"}) {
    CHECK_THAT(problem_of(body), Contains("The body is not valid JSON: the error is at byte ") &&
                                     !Contains("Secret"));
  }
  CHECK_FALSE(check_json_body(R"({"a":"\ud83d\ude00 😀 \u0000"})"));
}

TEST_CASE("a repeated member is refused because readers take either") {
  CHECK(problem_of(R"({"a":1,"b":2,"a":1})") == R"(The body has the member "a" twice.)");
  CHECK(problem_of(R"({"b":[{"a":1,"\u0061":2}]})") == R"(The body has the member "a" twice.)");
  CHECK(problem_of(R"({"\u001b":1,"\u001b":1})") == R"(The body has the member "\u001b" twice.)");
  CHECK_FALSE(check_json_body(R"({"a":{"a":[{"a":1},{"a":1}]},"A":1})"));
}

TEST_CASE("nesting is bounded whatever is nested and however it ends") {
  CHECK_FALSE(check_json_body(nested(json_body_depth_max, '[', ']')));
  CHECK_THAT(problem_of(nested(json_body_depth_max + 1, '[', ']')), Contains("at most 64 levels"));
  CHECK_THAT(problem_of(R"({"a":)" + std::string(1'000'000, '[')), Contains("nested too deeply"));
  std::string objects;
  for (int level = 0; level < 100'000; ++level) {
    objects += R"({"a":)";
  }
  CHECK_THAT(problem_of(objects), Contains("nested too deeply"));
}
