// No optional member can make an update invalid, whatever its type.

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

using regstream::decode_stream_message;
using regstream::decode_update;
using regstream::decode_update_slices;
using regstream::DecodeError;
using regstream::DropReason;
using regstream::encode_update;
using regstream::encode_update_envelope;
using regstream::StageStatus;
using regstream::StreamMessage;
using regstream::to_update;
using regstream::Update;
using regstream::UpdateSlices;

namespace {

std::string with(std::string_view member) {
  return R"({"registrationId":42,"status":"PENDING",)" + std::string{member} + "}";
}

/// Reads an update, and checks that it reads the same in the stream's envelope and after it was
/// written again.
Update decoded(const std::string& json) {
  const auto result = decode_update(json);
  const auto* error = std::get_if<DecodeError>(&result);
  INFO((error == nullptr ? "" : error->what));
  REQUIRE(error == nullptr);
  const auto& update = std::get<Update>(result);
  const std::string envelope = encode_update_envelope(json);
  const auto enveloped = decode_stream_message(envelope);
  REQUIRE(std::holds_alternative<StreamMessage>(enveloped));
  CHECK(to_update(std::get<StreamMessage>(enveloped).update) == update);
  const auto again = decode_update(encode_update(update));
  REQUIRE(std::holds_alternative<Update>(again));
  CHECK(std::get<Update>(again) == update);
  return update;
}

std::uint32_t mistyped(const std::string& json) {
  return std::get<UpdateSlices>(decode_update_slices(json)).mistyped;
}

/// The number of members that count as unknown because they have another type.
void check_unknown(std::string_view member) {
  CAPTURE(member);
  const Update update = decoded(with(member));
  CHECK(update.unknown == "{" + std::string{member} + "}");
  CHECK(mistyped(with(member)) == 1);
  CHECK(update.stage.empty());
  CHECK(update.message.empty());
  CHECK(update.details.empty());
  CHECK(update.process_log.empty());
  CHECK(update.timestamp_ms == 0);
}

DecodeError error_of(std::string_view json) {
  const auto result = decode_update(json);
  REQUIRE(std::holds_alternative<DecodeError>(result));
  return std::get<DecodeError>(result);
}

}  // namespace

TEST_CASE("the shared optional members are read as the page reads them") {
  std::ifstream file{REGSTREAM_VECTORS "/messages/optional_members.json"};
  const auto members = nlohmann::json::parse(file);
  REQUIRE(members.size() > 30);
  for (const auto& member : members) {
    const std::string sent = member.at("sent");
    CAPTURE(sent);
    const Update update = decoded(with(sent));
    const auto& read = member.at("read");
    CHECK(update.message == read.value("message", ""));
    CHECK(update.stage == read.value("stage", ""));
    CHECK(update.timestamp_ms == read.value("timestamp", std::int64_t{0}));
    CHECK(std::string{to_string(update.stage_status)} == read.value("stageStatus", "completed"));
    CHECK(update.details.empty() == !read.contains("details"));
    CHECK(update.process_log.empty() == !read.contains("processLog"));
    CHECK(mistyped(with(sent)) == member.value("mistyped", 0U));
  }
}

TEST_CASE("a number as message is its text") {
  CHECK(decoded(with(R"("message":5)")).message == "5");
  CHECK(decoded(with(R"("message":-1.50e+2)")).message == "-1.50e+2");
  CHECK(mistyped(with(R"("message":5)")) == 0);
  for (const std::string_view other : {"true", "[]", "{}", "[\"a\"]", R"({"text":"a"})"}) {
    check_unknown("\"message\":" + std::string{other});
  }
}

TEST_CASE("an empty container of the other kind is empty") {
  for (const std::string_view empty :
       {R"("details":[])", "\"details\":[ \n]", R"("details":"[]")", R"("processLog":{})",
        "\"processLog\":{\t}", R"("processLog":" { } ")", R"("details":null)"}) {
    CAPTURE(empty);
    const Update update = decoded(with(empty));
    CHECK(update.details.empty());
    CHECK(update.process_log.empty());
    CHECK(update.unknown.empty());
    CHECK(mistyped(with(empty)) == 0);
  }
}

TEST_CASE("JSON text of the right kind is its value") {
  CHECK(decoded(with(R"("details":"{\"a\":1}")")).details == R"({"a":1})");
  CHECK(decoded(with(R"("details":" \n{\"a\" : \"\\u00e9\"} ")")).details == R"({"a" : "\u00e9"})");
  CHECK(decoded(with(R"("details":"{}")")).details == "{}");
  CHECK(decoded(with(R"("processLog":"[{\"stage\":\"a\"}]")")).process_log == R"([{"stage":"a"}])");
  CHECK(decoded(with(R"("details":"{\"a\":\"\ud800\"}")")).details == "{\"a\":\"\uFFFD\"}");
  CHECK(mistyped(with(R"("details":"{\"a\":1}")")) == 0);
}

TEST_CASE("any other details and process log are unknown members") {
  for (const std::string_view other :
       {"5", "true", "\"\"", "\"a\"", "\"null\"", "\"5\"", "\"{\"", R"("{\"a\":1} x")",
        R"("{\"a\":01}")", R"("\"{}\"")", R"("{\"a\":1e999}")"}) {
    check_unknown("\"details\":" + std::string{other});
    check_unknown("\"processLog\":" + std::string{other});
  }
  check_unknown(R"("details":[1])");
  check_unknown(R"("details":"[1]")");
  check_unknown(R"("processLog":{"a":1})");
  check_unknown(R"("processLog":"{\"a\":1}")");
}

TEST_CASE("JSON text in a string may be nested as deeply as its place allows") {
  const auto details = [](std::size_t levels) {
    return with(R"("details":"{\"a\":)" + std::string(levels - 1, '[') +
                std::string(levels - 1, ']') + "}\"");
  };
  CHECK_FALSE(decoded(details(63)).details.empty());
  CHECK(decoded(details(64)).details.empty());
  CHECK(mistyped(details(64)) == 1);
}

TEST_CASE("a timestamp may be text") {
  CHECK(decoded(with(R"("timestamp":"1702493000000")")).timestamp_ms == 1'702'493'000'000);
  CHECK(decoded(with(R"("timestamp":"2023-12-13T18:43:20.000Z")")).timestamp_ms ==
        1'702'493'000'000);
  CHECK(decoded(with(R"("timestamp":"2023\u002d12-13T19:43:20+01:00")")).timestamp_ms ==
        1'702'493'000'000);
  CHECK(mistyped(with(R"("timestamp":"5")")) == 0);
  for (const std::string_view other :
       {"\"\"", "\"2023\\u0000\"", "\"yesterday\"", "\"2023-12-13T18:43:20\"", "\"-1\"", "\"1.5\"",
        "-1", "-0.5", "1e200", "9007199254740992", "\"9007199254740992\"", "true", "[]", "{}"}) {
    check_unknown("\"timestamp\":" + std::string{other});
  }
}

TEST_CASE("a stage or a stage status that is not text is an unknown member") {
  for (const std::string_view other : {"5", "true", "[]", "{}"}) {
    check_unknown("\"stage\":" + std::string{other});
    check_unknown("\"stageStatus\":" + std::string{other});
  }
  check_unknown("\"stageStatus\":\"" + std::string(257, 's') + '"');
  CHECK(decoded(with(R"("stage":"a","stageStatus":5,"message":"It has started")")).stage_status ==
        StageStatus::started);
}

TEST_CASE("unusual members of all kinds are read together with unknown members between them") {
  const Update update = decoded(
      R"({"x":1,"message":[],"registrationId":42,"details":7,"status":"A","timestamp":{},"y":"z"})");
  CHECK(update.unknown == R"({"x":1,"y":"z","message":[],"details":7,"timestamp":{}})");
}

TEST_CASE("a byte order mark is dropped and everything else is read as usual") {
  const std::string text = with(R"("message":"a")");
  CHECK(std::get<Update>(decode_update("\xEF\xBB\xBF" + text)) ==
        std::get<Update>(decode_update(text)));
}

TEST_CASE(
    "a message that is not an update is reported with a reason and with its registration if "
    "known") {
  const auto check = [](std::string_view json, DropReason reason, std::int64_t registration_id) {
    CAPTURE(json);
    const DecodeError error = error_of(json);
    CHECK(error.reason == reason);
    CHECK(error.registration_id == registration_id);
  };
  check("", DropReason::not_json, 0);
  check("hello", DropReason::not_json, 0);
  check("5", DropReason::not_an_object, 0);
  check("[]", DropReason::array, 0);
  check(R"([{"registrationId":42,"status":"A"}])", DropReason::array, 0);
  check("{\"registrationId\":42,\"status\":\"A\"}\r\n{}", DropReason::several_values, 42);
  check("[] []", DropReason::several_values, 0);
  check("5 6", DropReason::several_values, 0);
  check(R"({"registrationId":42,"status":"A",})", DropReason::not_json, 42);
  check(R"({"status":"A","registrationId":42,"a":1e999})", DropReason::not_json, 42);
  check(R"({"status":"A","a":1e999,"registrationId":42})", DropReason::not_json, 0);
  check(R"({"registrationId":-,)", DropReason::not_json, 0);
  check(R"({"registrationId":42,"a":)" + std::string(70, '['), DropReason::too_deep, 42);
  check(std::string((1U << 20U) + 1, ' '), DropReason::too_long, 0);
  check(R"({"status":"A"})", DropReason::registration_id_missing, 0);
  check(R"({"registrationId":"x","status":"A"})", DropReason::registration_id, 0);
  check(R"({"registrationId":0,"status":"A"})", DropReason::registration_id, 0);
  check(R"({"registrationId":1e16,"status":"A"})", DropReason::registration_id_too_large, 0);
  check(R"({"registrationId":"42"})", DropReason::status_missing, 42);
  check(R"({"registrationId":42,"status":null})", DropReason::status_missing, 42);
  check(R"({"registrationId":42,"status":5})", DropReason::status, 42);
  check(R"({"registrationId":42,"status":"A","stage":")" + std::string(257, 's') + "\"}",
        DropReason::stage, 42);
}
