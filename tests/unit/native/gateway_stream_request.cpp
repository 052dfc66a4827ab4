#include <string>
#include <variant>

#include <catch2/catch.hpp>

#include "gateway/stream_request.hpp"
#include "net/target.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

auto read(const std::string& query) {
  return read_stream_request(net::parse_target("/stream" + query).value());
}

}  // namespace

TEST_CASE("Without a registrationId a stream is of every registration") {
  const std::string query = GENERATE(as<std::string>{}, "", "?", "?lastEventId=1-2", "?_=17",
                                     "?RegistrationId=42", "?registrationid=42");
  INFO(query);
  const auto request = read(query);
  REQUIRE(std::holds_alternative<StreamRequest>(request));
  CHECK_FALSE(std::get<StreamRequest>(request).registration_id);
}

TEST_CASE("A stream of one registration names it by number") {
  CHECK(std::get<StreamRequest>(read("?registrationId=42")).registration_id == 42);
  CHECK(std::get<StreamRequest>(read("?x=1&registrationId=1&lastEventId=")).registration_id == 1);
  CHECK(std::get<StreamRequest>(read("?registrationId=%34%32")).registration_id == 42);
  CHECK(std::get<StreamRequest>(read("?registrationId=9007199254740991")).registration_id ==
        9'007'199'254'740'991);
}

TEST_CASE("A registrationId that names none is refused with what would be right") {
  const std::string value =
      GENERATE(as<std::string>{}, "", "abc", "0", "-1", "+1", "%2B1", "4.2", "1e3", "0x2a", "42%20",
               "%2042", "42a", "9007199254740992", "99999999999999999999999999", "%D9%A4%D9%A2");
  INFO(value);
  const auto request = read("?registrationId=" + value);
  REQUIRE(std::holds_alternative<StreamRequestError>(request));
  CHECK(std::get<StreamRequestError>(request).what ==
        "registrationId must be a number from 1 to 9007199254740991.");
}

TEST_CASE("A registrationId that is given twice is refused, even if it is the same") {
  const std::string query =
      GENERATE(as<std::string>{}, "?registrationId=42&registrationId=42",
               "?registrationId=42&x=1&registrationId=43", "?registrationId=1&registrationId=x");
  INFO(query);
  const auto request = read(query);
  REQUIRE(std::holds_alternative<StreamRequestError>(request));
  CHECK_THAT(std::get<StreamRequestError>(request).what, Catch::Contains("more than once"));
}
