// What is sent of a message whose bytes are not all valid text, or whose members have other types
// than the contract's.

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "hub_reading.hpp"

using namespace regstream;
using namespace regstream::hub;

namespace {

/// What one stream is sent for a message, less the frame around its data.
std::string sent_for(std::string_view message) {
  LiveHub hub;
  const SubscriptionId stream = hub.subscribe({}, Instant{}, reading_timestamp_ms);
  static_cast<void>(take_bytes(hub, stream));
  CHECK_FALSE(hub.publish(message));
  const std::string bytes = take_bytes(hub, stream);
  const std::string before = "id: " + LiveHub::id(1) + "\ndata: " + R"({"type":"update","data":)";
  REQUIRE(bytes.starts_with(before));
  REQUIRE(bytes.ends_with("}\n\n"));
  return bytes.substr(before.size(), bytes.size() - before.size() - 3);
}

}  // namespace

TEST_CASE("A message goes out as it was published whatever it looks like") {
  for (
      const std::string_view message :
      {R"({ "registrationId":42 , "status":"A","x":1.50e+2,"x":[] })",
       R"({"registrationId":42,"status":"A","details":[],"processLog":{},"timestamp":"2023-12-13T18:43:20Z"})",
       R"({"registrationId":42,"status":"A","details":"{\"a\":1}","message":5,"stage":[]})",
       R"({"registrationId":42,"status":"A","message":"\ud800 \udc00\ud83d"})"}) {
    CHECK(sent_for(message) == message);
  }
}

TEST_CASE("A byte order mark is removed and invalid UTF-8 becomes U+FFFD") {
  const std::string text = R"({"registrationId":42,"status":"A"})";
  CHECK(sent_for("\xEF\xBB\xBF" + text) == text);
  CHECK(
      sent_for(
          "{\"registrationId\":42,\"status\":\"A\",\"message\":\"a\xFF\xE2\x82z\xED\xA0\x80\"}") ==
      "{\"registrationId\":42,\"status\":\"A\",\"message\":\"a\uFFFD\uFFFDz\uFFFD\uFFFD\uFFFD\"}");
}

TEST_CASE("A snapshot says what the update said") {
  LiveHub hub;
  REQUIRE_FALSE(
      hub.publish("{\"registrationId\":42,\"status\":\"APPROVED\",\"message\":5,\"details\":\"{"
                  "\\\"name\\\":\\\"\xFF\\\"}\","
                  "\"processLog\":{},\"timestamp\":\"1970-01-01T00:00:07Z\",\"stage\":7}"));
  const SubscriptionId stream = hub.subscribe(follow(42), Instant{}, reading_timestamp_ms);
  const Reading reading = take(hub, stream);
  REQUIRE(reading.types() == "connected snapshot");
  const nlohmann::json& view = reading.messages.back().at("data");
  CHECK(view.at("message") == "5");
  CHECK(view.at("details") == nlohmann::json{{"name", "\uFFFD"}});
  CHECK(view.at("processLog").is_null());
  CHECK(view.at("timestamp") == 7'000);
  CHECK(view.at("stage").is_null());
  CHECK(hub.counters().mistyped == 1);
  CHECK(hub.counters().malformed.total() == 0);
}
