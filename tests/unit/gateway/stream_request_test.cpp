#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <regstream/workflow/registration.hpp>

#include "gateway/stream_request.hpp"
#include "net/target.hpp"

using namespace regstream;
using namespace regstream::gateway;

namespace {

auto read(const std::string& query, const std::vector<std::string>& last_event_ids = {},
          const Workflow& workflow = registration_workflow()) {
  net::Request request;
  for (const std::string& id : last_event_ids) {
    request.insert("Last-Event-ID", id);
  }
  return read_stream_request(request, net::parse_target("/stream" + query).value(), workflow);
}

std::string cursor(const std::string& query, const std::vector<std::string>& last_event_ids = {}) {
  return std::get<hub::SubscriptionRequest>(read(query, last_event_ids)).cursor;
}

using Ids = std::vector<InstanceId>;

Ids ids(const std::string& query) {
  return std::get<hub::SubscriptionRequest>(read(query)).ids;
}

std::string error(const std::string& query) {
  return std::get<StreamRequestError>(read(query)).what;
}

}  // namespace

TEST_CASE("Without a registrationId a stream follows every registration") {
  const std::string query = GENERATE(as<std::string>{}, "", "?", "?lastEventId=1-2", "?_=17",
                                     "?RegistrationId=42", "?registrationid=42");
  INFO(query);
  const auto request = read(query);
  REQUIRE(std::holds_alternative<hub::SubscriptionRequest>(request));
  CHECK(std::get<hub::SubscriptionRequest>(request).ids.empty());
}

TEST_CASE("A stream of one registration names it by number") {
  CHECK(ids("?registrationId=42") == Ids{42});
  CHECK(ids("?x=1&registrationId=1&lastEventId=") == Ids{1});
  CHECK(ids("?registrationId=%34%32") == Ids{42});
  CHECK(ids("?registrationId=9007199254740991") == Ids{9'007'199'254'740'991});
}

TEST_CASE("A stream of several ids names each and a repeated one counts once") {
  CHECK(ids("?registrationId=43&registrationId=41&x=1&registrationId=43") == Ids{41, 43});
  CHECK(ids("?registrationId=42&registrationId=%34%32") == Ids{42});
}

TEST_CASE("A hundred ids fit one stream and one more is refused") {
  std::string query = "?registrationId=1";
  for (int id = 2; id <= 100; ++id) {
    query += "&registrationId=" + std::to_string(id) + "&snapshot=" + std::to_string(id);
  }
  CHECK(ids(query + "&registrationId=7").size() == 100);
  CHECK_THAT(error(query + "&registrationId=101"), Catch::Contains("at most 100 ids"));
}

TEST_CASE("A snapshot can be requested of ids that the stream follows") {
  const auto request = std::get<hub::SubscriptionRequest>(
      read("?registrationId=43&registrationId=41&registrationId=42&snapshot=43&snapshot=41"));
  CHECK(request.snapshots == Ids{41, 43});
  const std::string query =
      GENERATE(as<std::string>{}, "?snapshot=43", "?registrationId=42&snapshot=43",
               "?registrationId=42&registrationId=43&snapshot=42&snapshot=44");
  INFO(query);
  CHECK(error(query) == "snapshot must name an id that registrationId names as well.");
  CHECK(error("?registrationId=42&snapshot=x") ==
        "snapshot must be a number from 1 to 9007199254740991.");
}

TEST_CASE("A stream until the final status follows exactly one id") {
  CHECK(std::get<hub::SubscriptionRequest>(read("?registrationId=42&until=final")).until_final);
  CHECK(std::get<hub::SubscriptionRequest>(read("?registrationId=42&registrationId=42&until=final"))
            .until_final);
  CHECK_FALSE(std::get<hub::SubscriptionRequest>(read("?registrationId=42")).until_final);
  const std::string word = GENERATE(as<std::string>{}, "until=", "until=Final", "until=end",
                                    "until=final%20", "until=final&until=final");
  INFO(word);
  CHECK(error("?registrationId=42&" + word) == R"(until must be "final", given once.)");
  for (const char* query : {"?until=final", "?registrationId=42&registrationId=43&until=final"}) {
    CHECK(error(query) == "until=final needs exactly one registrationId.");
  }
}

TEST_CASE("A malformed registrationId is refused with what would be right") {
  const std::string value =
      GENERATE(as<std::string>{}, "", "abc", "0", "-1", "+1", "%2B1", "4.2", "1e3", "0x2a", "42%20",
               "%2042", "42a", "9007199254740992", "99999999999999999999999999", "%D9%A4%D9%A2");
  INFO(value);
  const auto request = read("?registrationId=" + value);
  REQUIRE(std::holds_alternative<StreamRequestError>(request));
  CHECK(std::get<StreamRequestError>(request).what ==
        "registrationId must be a number from 1 to 9007199254740991.");
}

TEST_CASE("A workflow's own id has its own name and may be text") {
  Workflow imports = registration_workflow();
  imports.id_member = "importId";
  imports.id_kind = IdKind::text;
  const auto ask = [&](const std::string& query) { return read(query, {}, imports); };
  const auto asked = [&](const std::string& query) {
    return std::get<hub::SubscriptionRequest>(ask(query));
  };
  const auto text = [](const char* id) { return InstanceId(std::string(id)); };
  CHECK(asked("?registrationId=42").ids.empty());
  const auto request = asked("?importId=b&importId=42&importId=a%20%C3%A5&importId=b&snapshot=42");
  CHECK(request.ids == Ids{text("42"), text("a \xc3\xa5"), text("b")});
  CHECK(request.snapshots == Ids{text("42")});
  CHECK(asked("?importId=x&until=final").until_final);
  CHECK(asked("?importId=" + std::string(128, 'x')).ids.size() == 1);

  const auto refused = [&](const std::string& query) {
    return std::get<StreamRequestError>(ask(query)).what;
  };
  const std::string value = GENERATE(as<std::string>{}, "", "*", "%0A", "%7F", "%C2%85", "%FF",
                                     "%ED%A0%80", std::string(129, 'x'));
  INFO(value);
  CHECK(refused("?importId=" + value) ==
        "importId must be 1 to 128 bytes of UTF-8 without control characters, and not *.");
  CHECK(refused("?importId=a&snapshot=b") ==
        "snapshot must name an id that importId names as well.");
  CHECK(refused("?until=final") == "until=final needs exactly one importId.");
}

TEST_CASE("A cursor comes by the header or by the query and the header wins") {
  CHECK(cursor("").empty());
  CHECK(cursor("?lastEventId=1-2") == "1-2");
  CHECK(cursor("?registrationId=42&lastEventId=1-2") == "1-2");
  CHECK(cursor("", {"3-4"}) == "3-4");
  CHECK(cursor("?lastEventId=1-2", {"3-4"}) == "3-4");
  CHECK(cursor("?lastEventId=1-2", {"garbage"}) == "garbage");
}

TEST_CASE("An empty cursor counts as none wherever it stands") {
  CHECK(cursor("?lastEventId=").empty());
  CHECK(cursor("?lastEventId", {""}).empty());
  CHECK(cursor("?lastEventId=1-2", {""}) == "1-2");
}

TEST_CASE("A cursor that is not an event id is accepted and the stream answers it") {
  const std::string value = GENERATE(as<std::string>{}, "garbage", "1", "1-2-3", "%0A", "-");
  INFO(value);
  CHECK_FALSE(cursor("?lastEventId=" + value).empty());
}

TEST_CASE("Two headers are a list and not an event id") {
  CHECK(cursor("", {"1-2", "1-2"}) == "1-2, 1-2");
}

TEST_CASE("A repeated lastEventId is refused even if it is the same") {
  const auto request = read("?lastEventId=1-2&lastEventId=1-2", {"1-2"});
  REQUIRE(std::holds_alternative<StreamRequestError>(request));
  CHECK_THAT(std::get<StreamRequestError>(request).what, Catch::Contains("only once"));
}
