#include "log/dropped.hpp"

#include <string>

#include <catch2/catch.hpp>

#include "captured_log.hpp"

namespace {

using regstream::decode_update;
using regstream::DecodeError;
using regstream::logging::warn_dropped;
using regstream::test::CapturedLog;

DecodeError error_of(const std::string& json) {
  return std::get<DecodeError>(decode_update(json));
}

}  // namespace

TEST_CASE("a dropped message is logged with its reason and its registration and its place") {
  const CapturedLog captured;
  warn_dropped(error_of(R"({"registrationId":42,"status":"A",})"), "registration",
               "on the channel");
  warn_dropped(error_of(R"({"registrationId":42})"), "registration", "of the history (5-1)");
  warn_dropped(error_of(R"({"status":"A"})"), "registration", "on the channel");
  warn_dropped(error_of(R"({"registrationId":9007199254740993,"status":"A"})"), "registration",
               "on the channel");
  warn_dropped(error_of(R"([{"registrationId":42,"status":"A"}])"), "registration",
               "on the channel");
  warn_dropped(error_of("{\"registrationId\":42,\"status\":\"A\"}\n{}"), "registration",
               "on the channel");
  CHECK(captured.text() ==
        "warning: a message on the channel is not an update, and was dropped (notJson, "
        "registration 42): "
        "the message is not valid JSON: the error is at byte 35\n"
        "warning: a message of the history (5-1) is not an update, and was dropped (statusMissing, "
        "registration 42): status is missing: every update needs registrationId and status\n"
        "warning: a message on the channel is not an update, and was dropped "
        "(registrationIdMissing): "
        "registrationId is missing: every update needs registrationId and status\n"
        "warning: a message on the channel is not an update, and was dropped "
        "(registrationIdTooLarge): "
        "registrationId is above 9007199254740991 (2^53 - 1), where JavaScript rounds integers\n"
        "warning: a message on the channel is not an update, and was dropped (array): the message "
        "must "
        "be "
        "a JSON object, and is an array: publish each update by itself\n"
        "warning: a message on the channel is not an update, and was dropped (severalValues, "
        "registration "
        "42): the message has more than one JSON value: publish each update by itself\n");
}

TEST_CASE("each reason is logged once in ten seconds") {
  const CapturedLog captured;
  for (int count = 0; count < 100; ++count) {
    warn_dropped(error_of("hello"), "registration", "on the channel");
    warn_dropped(error_of("[]"), "registration", "on the channel");
  }
  const std::string text = captured.text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
}

TEST_CASE("nothing of a message is logged") {
  const CapturedLog captured;
  for (const std::string json :
       {R"({"registrationId":"hunter2","status":"hunter2"})", R"({"a":"hunter2"}{"b":"hunter2"})",
        R"({"hunter2":hunter2})", "hunter2", R"(["hunter2"])",
        R"({"registrationId":42,"status":["hunter2"]})"}) {
    warn_dropped(error_of(json), "registration", "on the channel");
  }
  CHECK(captured.text().find("hunter2") == std::string::npos);
}
