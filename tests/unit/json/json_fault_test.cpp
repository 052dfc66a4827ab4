#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "json/json_fault.hpp"

using namespace regstream::json_fields;
using Kind = JsonFault::Kind;

namespace {

constexpr JsonBounds wide{.depth_max = 8};

JsonFault fault_of(std::string_view text, JsonBounds bounds = wide) {
  const auto fault = find_json_fault(text, bounds);
  REQUIRE(fault);
  return *fault;
}

}  // namespace

TEST_CASE("one JSON object has no fault") {
  for (const char* const text : {"{}", " {\"a\":[1,-2.5e3,null,true,\"x\"],\"b\":{\"a\":{}}}\r\n",
                                 "{\"\\u0000\":\"\\u0000\"}"}) {
    CAPTURE(text);
    CHECK_FALSE(find_json_fault(text, wide));
  }
}

TEST_CASE("text that is not JSON is reported with the wrong byte") {
  CHECK(fault_of("").kind == Kind::no_json);
  CHECK(fault_of("{\"a\":tru}").kind == Kind::no_json);
  CHECK(fault_of("{\"a\":tru}").position == 9);
  CHECK(fault_of("{\"a\":\"\xff\"}").kind == Kind::no_json);
  CHECK(fault_of("{\"a\":1e400}").kind == Kind::number_too_large);
}

TEST_CASE("nothing may follow the object and not even a NUL") {
  CHECK(fault_of("{} x").kind == Kind::no_json);
  CHECK(fault_of("{}{}").kind == Kind::no_json);
  const JsonFault nul = fault_of(std::string_view("{}\0", 3));
  CHECK(nul.kind == Kind::no_json);
  CHECK(nul.position == 3);
  CHECK(fault_of(std::string_view("{}\0{", 4)).kind == Kind::no_json);
  CHECK(fault_of(std::string_view("\0{}", 3)).kind == Kind::no_json);
}

TEST_CASE("another value is not an object") {
  for (const char* const text : {"[]", "1", "null", "\"{}\"", "[{}]"}) {
    CAPTURE(text);
    CHECK(fault_of(text).kind == Kind::no_object);
  }
}

TEST_CASE("a member may occur once in its object however it is written") {
  const JsonFault fault = fault_of(R"({"b":[{"a":1,"\u0061":2}]})");
  CHECK(fault.kind == Kind::member_twice);
  CHECK(fault.name == "a");
  CHECK_FALSE(find_json_fault(R"({"a":[{"a":1},{"a":1}]})", wide));
}

TEST_CASE("depth and the number of values are bounded") {
  const std::string four = R"({"a":[{"b":[]}]})";
  CHECK_FALSE(find_json_fault(four, {.depth_max = 4, .values_max = 4}));
  CHECK(fault_of(four, {.depth_max = 3}).kind == Kind::too_deep);
  CHECK(fault_of(four, {.depth_max = 4, .values_max = 3}).kind == Kind::too_many_values);
  CHECK(fault_of(R"({"a":[0,0,0]})", {.depth_max = 2, .values_max = 4}).kind ==
        Kind::too_many_values);
}
