#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

using regstream::decode_update;
using regstream::DecodeError;
using regstream::encode_update;
using regstream::StageStatus;
using regstream::Update;

namespace {

Update decoded(std::string_view json) {
  auto result = decode_update(json);
  const auto* error = std::get_if<DecodeError>(&result);
  INFO((error == nullptr ? "" : error->what));
  REQUIRE(error == nullptr);
  return std::get<Update>(result);
}

std::string error_of(std::string_view json) {
  const auto result = decode_update(json);
  REQUIRE(std::holds_alternative<DecodeError>(result));
  return std::get<DecodeError>(result).what;
}

/// A valid message with one more member.
std::string with(std::string_view member) {
  return R"({"registrationId":42,"status":"PENDING",)" + std::string{member} + "}";
}

}  // namespace

TEST_CASE("a stage update of the given system is read") {
  const Update update =
      decoded(R"({"registrationId":42,"status":"PENDING","stage":"duplicate_check",)"
              R"("message":"Checking for duplicates","timestamp":1702493000000})");
  CHECK(update.registration_id == 42);
  CHECK(update.status == "PENDING");
  CHECK(update.stage == "duplicate_check");
  CHECK(update.stage_status == StageStatus::completed);
  CHECK(update.message == "Checking for duplicates");
  CHECK(update.details.empty());
  CHECK(update.process_log.empty());
  CHECK(update.timestamp_ms == 1'702'493'000'000);
}

TEST_CASE("a final status of the given system is read") {
  const Update update = decoded(
      R"({"registrationId":42,"status":"APPROVED","message":"Customer validated successfully",)"
      R"("details":{"accountsFound":5},"processLog":[{"stage":"t24_lookup"}],)"
      R"("timestamp":1702493005000})");
  CHECK(update.status == "APPROVED");
  CHECK(update.stage.empty());
  CHECK(update.details == R"({"accountsFound":5})");
  CHECK(update.process_log == R"([{"stage":"t24_lookup"}])");
}

TEST_CASE("stageStatus takes precedence over the message which is used without it") {
  CHECK(decoded(with(R"("stage":"a","stageStatus":"failed","message":"started")")).stage_status ==
        StageStatus::failed);
  CHECK(
      decoded(with(R"("stage":"a","stageStatus":null,"message":"Look-up started")")).stage_status ==
      StageStatus::started);
  CHECK(decoded(with(R"("stage":"a")")).stage_status == StageStatus::completed);
}

TEST_CASE("a publisher's unknown stageStatus is kept and the status is inferred from the message") {
  const std::string json =
      R"({"registrationId":42,"status":"PENDING","stage":"a","stageStatus":"paused",)"
      R"("message":"Look-up started","timestamp":7})";
  const Update update = decoded(json);
  CHECK(update.stage_status == StageStatus::started);
  CHECK(update.stage_status_word == "paused");
  CHECK(encode_update(update) == json);
  CHECK(decoded(with(R"("stage":"a","stageStatus":"failed")")).stage_status_word.empty());
}

TEST_CASE("an event id is read and any other id is not an error") {
  const auto id = decoded(with(R"("id":"1702493000000-7")")).id;
  REQUIRE(id.has_value());
  CHECK(id->epoch == 1'702'493'000'000);
  CHECK(id->sequence == 7);
  for (const std::string_view other :
       {R"("id":"7")", R"("id":7)", R"("id":null)", R"("id":{})", R"("id":"01-7")"}) {
    CAPTURE(other);
    CHECK_FALSE(decoded(with(other)).id.has_value());
  }
}

TEST_CASE("details and process log stay exactly as they were sent") {
  const std::string_view details =
      "{ \"big\":12345678901234567890123, \"e\":1.50e+2,\n\t\"s\":\"\\u00e9\\/}\", "
      "\"s\":{\"a\":[]} }";
  const std::string_view log = "[ 1 , [2,{\"a\":3}],\"]\",null, -0.0]";
  const Update update = decoded(with("\"details\":  " + std::string{details} +
                                     " ,\"processLog\":\n" + std::string{log} + " "));
  CHECK(update.details == details);
  CHECK(update.process_log == log);
}

TEST_CASE("keys may come in any order with unknown ones between them") {
  const Update update = decoded(
      R"({"x":[1,{"status":"no"}],"timestamp":7,"details":{"registrationId":1},"status":"FAILED",)"
      R"("y":{"status":"no"},"id":"1-1","registrationId":42})");
  CHECK(update.registration_id == 42);
  CHECK(update.status == "FAILED");
  CHECK(update.timestamp_ms == 7);
  CHECK(update.details == R"({"registrationId":1})");
}

TEST_CASE("unknown members are kept as sent and in their order") {
  CHECK(decoded(with(R"("stage":"a")")).unknown.empty());
  CHECK(
      decoded(R"({"x" : [1, {"a":2}],"registrationId":42,"\u0079":"\u00e9","status":"A","x":null})")
          .unknown == R"({"x" : [1, {"a":2}],"\u0079":"\u00e9","x":null})");
  const Update update = decoded(with(R"("by":{"name":"ops"},"timestamp":7)"));
  const Update again = decoded(regstream::encode_update(update));
  CHECK(again == update);
  CHECK(again.unknown == R"({"by":{"name":"ops"}})");
}

TEST_CASE("a publisher's own id that is not an event id is an unknown member") {
  CHECK(decoded(with(R"("id":"a\n7")")).unknown == R"({"id":"a\n7"})");
  CHECK(decoded(with(R"("id":7,"by":"ops")")).unknown == R"({"by":"ops","id":7})");
  CHECK(decoded(with(R"("id":"12-7")")).unknown.empty());
  CHECK(decoded(with(R"("id":null)")).unknown.empty());
}

TEST_CASE("null counts as absent") {
  const Update update = decoded(
      with(R"("stage":null,"message":null,"details":null,"processLog":null,"timestamp":null)"));
  CHECK(update.stage.empty());
  CHECK(update.message.empty());
  CHECK(update.details.empty());
  CHECK(update.process_log.empty());
  CHECK(update.timestamp_ms == 0);
}

TEST_CASE("if a key occurs twice the last value counts") {
  CHECK(decoded(with(R"("status":"FAILED")")).status == "FAILED");
  CHECK(decoded(R"({"registrationId":"x","status":1,"registrationId":42,"status":"PENDING"})")
            .registration_id == 42);
  CHECK(error_of(with(R"("status":null)")).find("status is missing") == 0);
}

// The same file as the page's (wasm/test/core/registration_ids.test.ts).
TEST_CASE("a registration id is an integer from 1 to 2^53 - 1 however it is written") {
  std::ifstream file{REGSTREAM_VECTORS "/messages/registration_ids.json"};
  const auto ids = nlohmann::json::parse(file);
  REQUIRE(ids.size() > 30);
  for (const auto& id : ids) {
    const std::string sent = id.at("sent");
    CAPTURE(sent);
    const std::string json = R"({"status":"PENDING","registrationId":)" + sent + "}";
    const std::string refused = id.value("refused", "");
    if (refused.empty()) {
      CHECK(decoded(json).registration_id == id.at("read"));
    } else {
      const auto result = decode_update(json);
      REQUIRE(std::holds_alternative<DecodeError>(result));
      CHECK(to_string(std::get<DecodeError>(result).reason) == refused);
    }
  }
}

TEST_CASE("the error of a registration id says what is wrong") {
  const auto error = [](std::string_view id) {
    return error_of(R"({"status":"PENDING","registrationId":)" + std::string{id} + "}");
  };
  CHECK(error("\"x\"") ==
        "registrationId must be an integer from 1 to 9007199254740991, or its digits as a string");
  CHECK(error("9007199254740992") ==
        "registrationId is above 9007199254740991 (2^53 - 1), where JavaScript rounds integers");
}

TEST_CASE("an id that was sent as text is written as a number") {
  const std::string json = R"({"registrationId":"42","status":"PENDING"})";
  CHECK(encode_update(decoded(json)).find(R"("registrationId":42,)") == 1);
}

TEST_CASE("the error of a missing member names it") {
  CHECK(error_of(R"({"status":"PENDING"})") ==
        "registrationId is missing: every update needs registrationId and status");
  CHECK(error_of(R"({"registrationId":42})") ==
        "status is missing: every update needs registrationId and status");
  CHECK(error_of(R"({"registrationId":42,"status":""})") ==
        "status must be a string of 1 to 256 bytes");
}

TEST_CASE("an unknown stage status is inferred from the message like an absent one") {
  CHECK(decoded(with(R"("stage":"a","stageStatus":"paused","message":"It has started")"))
            .stage_status == StageStatus::started);
  CHECK(decoded(with(R"("stage":"a","stageStatus":"paused")")).stage_status ==
        StageStatus::completed);
}

TEST_CASE("a timestamp's fraction is dropped") {
  CHECK(decoded(with(R"("timestamp":1702493000000.75)")).timestamp_ms == 1'702'493'000'000);
}

TEST_CASE("the error of a message that is not an object says so") {
  for (const std::string_view json : {"42", "\"x\"", "null", "true"}) {
    CHECK(error_of(json) == "the message must be a JSON object");
  }
}

TEST_CASE("the error of a message with several updates says what to do") {
  for (const std::string_view json : {"[]", "[{}]", R"([{"registrationId":42,"status":"A"}])"}) {
    CHECK(error_of(json) ==
          "the message must be a JSON object, and is an array: publish each update by itself");
  }
  for (const std::string_view json : {"{}{}", "{}\n{}\n", "{} 5", "[1]\n[2]", "5 null"}) {
    CHECK(error_of(json) ==
          "the message has more than one JSON value: publish each update by itself");
  }
}

TEST_CASE("status and stage names are limited") {
  const std::string longest(256, 's');
  CHECK(decoded(with("\"stage\":\"" + longest + "\"")).stage == longest);
  CHECK(error_of(with("\"stage\":\"" + longest + "s\"")).find("stage must be") == 0);
}

TEST_CASE("an update that was written reads back") {
  const Update update{.registration_id = 42,
                      .status = "FAILED",
                      .stage = "t24_lookup",
                      .stage_status = StageStatus::failed,
                      .message = "No \"accounts\" \\ found\r\n\t\x01 ሰላም",
                      .details = R"({"a" : 1})",
                      .process_log = "[ ]",
                      .timestamp_ms = 1'702'493'000'000};
  const std::string json = encode_update(update);
  const Update again = decoded(json);
  CHECK(again.registration_id == update.registration_id);
  CHECK(again.status == update.status);
  CHECK(again.stage == update.stage);
  CHECK(again.stage_status == update.stage_status);
  CHECK(again.message == update.message);
  CHECK(again.details == update.details);
  CHECK(again.process_log == update.process_log);
  CHECK(again.timestamp_ms == update.timestamp_ms);
  CHECK(json.find_first_of("\r\n") == std::string::npos);
}

TEST_CASE("a status update is written as the given system writes it") {
  CHECK(
      encode_update({.registration_id = 42,
                     .status = "APPROVED",
                     .stage = {},
                     .message = "ok",
                     .details = "{}",
                     .process_log = "[]",
                     .timestamp_ms = 5}) ==
      R"({"registrationId":42,"status":"APPROVED","message":"ok","details":{},"processLog":[],"timestamp":5})");
}

TEST_CASE("a stage update is written as the given system writes it plus its stage status") {
  CHECK(encode_update({.registration_id = 42,
                       .status = "PENDING",
                       .stage = "duplicate_check",
                       .stage_status = StageStatus::started,
                       .message = "Checking",
                       .details = {},
                       .process_log = {},
                       .timestamp_ms = 5}) ==
        R"({"registrationId":42,"status":"PENDING","stage":"duplicate_check",)"
        R"("stageStatus":"started","message":"Checking","timestamp":5})");
}

TEST_CASE("unknown members and the id are written after the others") {
  Update update{.registration_id = 42,
                .status = "PENDING",
                .stage = {},
                .message = "m",
                .details = {},
                .process_log = {},
                .timestamp_ms = 5,
                .id = regstream::EventId{.epoch = 3, .sequence = 4},
                .unknown = R"({"x": [1], "id":"mine"})"};
  CHECK(
      encode_update(update) ==
      R"({"registrationId":42,"status":"PENDING","message":"m","timestamp":5,"x": [1], "id":"mine","id":"3-4"})");
  CHECK(decoded(encode_update(update)).id == update.id);
  update.unknown = "{}";
  CHECK(encode_update(update) ==
        R"({"registrationId":42,"status":"PENDING","message":"m","timestamp":5,"id":"3-4"})");
}

TEST_CASE("invalid UTF-8 in written text becomes replacement characters") {
  Update update{.registration_id = 1,
                .status = "PENDING",
                .stage = {},
                .message = "a\xFF\"\xE2\x82",
                .details = {},
                .process_log = {},
                .timestamp_ms = 1};
  CHECK(decoded(encode_update(update)).message == "a\uFFFD\"\uFFFD");
}
