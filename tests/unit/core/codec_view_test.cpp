#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <string>
#include <string_view>
#include <variant>

using regstream::decode_view;
using regstream::DecodeError;
using regstream::encode_view;
using regstream::RegistrationView;
using regstream::StageStatus;

namespace {

RegistrationView example() {
  return {.registration_id = 42,
          .status = "PENDING",
          .stage = "t24_lookup",
          .stages = {{.name = "duplicate_check",
                      .status = StageStatus::completed,
                      .message = "No duplicate",
                      .started_timestamp_ms = 10,
                      .ended_timestamp_ms = 20},
                     {.name = "t24_lookup",
                      .status = StageStatus::started,
                      .message = "Look-up\nstarted",
                      .started_timestamp_ms = 20,
                      .ended_timestamp_ms = 0}},
          .message = "Look-up\nstarted",
          .details = R"({"n" : 1})",
          .process_log = "[]",
          .timestamp_ms = 20,
          .is_final = false,
          .has_ended = false,
          .has_gap = true,
          .id = regstream::EventId{.epoch = 1'702'493'000'000, .sequence = 7}};
}

std::string error_of(std::string_view json) {
  const auto result = decode_view(json);
  REQUIRE(std::holds_alternative<DecodeError>(result));
  return std::get<DecodeError>(result).what;
}

}  // namespace

TEST_CASE("a view is written in the shape that pages read") {
  CHECK(
      encode_view(example()) ==
      R"({"registrationId":42,"status":"PENDING","stage":"t24_lookup",)"
      R"("stages":[{"stage":"duplicate_check","stageStatus":"completed","message":"No duplicate",)"
      R"("startedAt":10,"endedAt":20},{"stage":"t24_lookup","stageStatus":"started",)"
      R"("message":"Look-up\nstarted","startedAt":20,"endedAt":null}],)"
      R"("message":"Look-up\nstarted","details":{"n" : 1},"processLog":[],"timestamp":20,)"
      R"("isFinal":false,"hasEnded":false,"hasGap":true,"progress":{"stagesDone":1,)"
      R"("stagesTotal":4},"id":"1702493000000-7"})");
}

TEST_CASE("an empty view is written with nulls") {
  RegistrationView view;
  view.registration_id = 7;
  CHECK(encode_view(view) ==
        R"({"registrationId":7,"status":"","stage":null,"stages":[],"message":"","details":null,)"
        R"("processLog":null,"timestamp":0,"isFinal":false,"hasEnded":false,"hasGap":false,)"
        R"("progress":{"stagesDone":0,"stagesTotal":4},"id":null})");
}

TEST_CASE("a view reads back as it was") {
  RegistrationView nothing_yet;
  nothing_yet.registration_id = 7;
  RegistrationView ended = example();
  ended.status = "APPROVED";
  ended.is_final = true;
  ended.has_ended = true;
  RegistrationView archived = ended;
  archived.status = "ARCHIVED";
  archived.is_final = false;
  RegistrationView cut = example();
  cut.has_more_stages = true;
  RegistrationView lost = nothing_yet;
  lost.has_gap = lost.has_lost_history = true;
  for (const RegistrationView& view : {example(), nothing_yet, ended, archived, cut, lost}) {
    const auto result = decode_view(encode_view(view));
    REQUIRE(std::holds_alternative<RegistrationView>(result));
    CHECK(std::get<RegistrationView>(result) == view);
  }
}

TEST_CASE("a snapshot is the view in an envelope") {
  CHECK(regstream::encode_snapshot(example(), 99) ==
        R"({"type":"snapshot","data":)" + encode_view(example()) + R"(,"timestamp":99})");
}

TEST_CASE("a view requires only its registration id") {
  const auto result = decode_view(R"({"registrationId":42,"status":"FAILED"})");
  REQUIRE(std::holds_alternative<RegistrationView>(result));
  CHECK(std::get<RegistrationView>(result).is_final);
  CHECK(std::get<RegistrationView>(result).has_ended);
  CHECK_FALSE(std::get<RegistrationView>(result).has_gap);
  CHECK_FALSE(std::get<RegistrationView>(result).id.has_value());
  CHECK(std::get<RegistrationView>(result).stages.empty());
}

TEST_CASE("a view of a newer gateway is read as far as it is understood") {
  const auto result = decode_view(
      R"({"registrationId":42,"id":"soon","mood":1,"stages":[{"stage":"a","stageStatus":"paused"},)"
      R"({"stage":"b","stageStatus":"undone","endedAt":5},{"stage":"c"}]})");
  REQUIRE(std::holds_alternative<RegistrationView>(result));
  const auto& view = std::get<RegistrationView>(result);
  CHECK_FALSE(view.id.has_value());
  REQUIRE(view.stages.size() == 3);
  CHECK(view.stages[0].status == StageStatus::started);
  CHECK(view.stages[1].status == StageStatus::completed);
  CHECK(view.stages[2].status == StageStatus::started);
}

TEST_CASE("a malformed view is an error that names the field") {
  CHECK(error_of("{}") == "registrationId is missing");
  CHECK(error_of(R"({"registrationId":1,"stages":{}})") == "stages must be a JSON array");
  CHECK(error_of(R"({"registrationId":1,"stages":[1]})") ==
        "stages must have JSON objects as its elements");
  CHECK(error_of(R"({"registrationId":1,"stages":[[]]})") ==
        "stages must have JSON objects as its elements");
  CHECK(error_of(R"({"registrationId":1,"stages":["a"]})") ==
        "stages must have JSON objects as its elements");
  CHECK(error_of(R"({"registrationId":1,"stages":[{}]})") == "stage is missing");
  CHECK(error_of(R"({"registrationId":1,"isFinal":1})") == "isFinal must be true or false");
  CHECK(error_of(R"({"registrationId":1,"hasEnded":1})") == "hasEnded must be true or false");
  CHECK(error_of(R"({"registrationId":1,"hasGap":1})") == "hasGap must be true or false");
  CHECK(error_of(R"({"registrationId":1,"hasLostHistory":1})") ==
        "hasLostHistory must be true or false");
  CHECK(error_of(R"({"registrationId":1,"stages":[{"stage":"a","stageStatus":1}]})") ==
        "stageStatus must be a string of at most 256 bytes");
}

TEST_CASE("a view with more stages than a registration may have is an error") {
  std::string stages;
  for (int count = 0; count < 65; ++count) {
    stages.append(count == 0 ? "" : ",").append(R"({"stage":"s"})");
  }
  CHECK(error_of(R"({"registrationId":1,"stages":[)" + stages + "]}") ==
        "stages has too many elements: at most 64 are accepted");
}
