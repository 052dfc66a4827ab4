#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include "gateway/stream_request.hpp"
#include "net/target.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

auto read(const std::string& query, const std::vector<std::string>& last_event_ids = {}) {
  net::Request request;
  for (const std::string& id : last_event_ids) {
    request.insert("Last-Event-ID", id);
  }
  return read_stream_request(request, net::parse_target("/stream" + query).value());
}

std::string cursor(const std::string& query, const std::vector<std::string>& last_event_ids = {}) {
  return std::get<StreamRequest>(read(query, last_event_ids)).cursor;
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

TEST_CASE("A cursor comes by the header or by the query, and the header wins") {
  CHECK(cursor("").empty());
  CHECK(cursor("?lastEventId=1-2") == "1-2");
  CHECK(cursor("?registrationId=42&lastEventId=1-2") == "1-2");
  CHECK(cursor("", {"3-4"}) == "3-4");
  CHECK(cursor("?lastEventId=1-2", {"3-4"}) == "3-4");
  CHECK(cursor("?lastEventId=1-2", {"garbage"}) == "garbage");
}

TEST_CASE("An empty cursor says nothing, wherever it stands") {
  CHECK(cursor("?lastEventId=").empty());
  CHECK(cursor("?lastEventId", {""}).empty());
  CHECK(cursor("?lastEventId=1-2", {""}) == "1-2");
}

TEST_CASE("A cursor that is no event id is let through: the stream answers it") {
  const std::string value = GENERATE(as<std::string>{}, "garbage", "1", "1-2-3", "%0A", "-");
  INFO(value);
  CHECK_FALSE(cursor("?lastEventId=" + value).empty());
}

TEST_CASE("Two headers are a list, and no event id") {
  CHECK(cursor("", {"1-2", "1-2"}) == "1-2, 1-2");
}

TEST_CASE("A lastEventId that is given twice is refused, even if it is the same") {
  const auto request = read("?lastEventId=1-2&lastEventId=1-2", {"1-2"});
  REQUIRE(std::holds_alternative<StreamRequestError>(request));
  CHECK_THAT(std::get<StreamRequestError>(request).what, Catch::Contains("more than once"));
}
