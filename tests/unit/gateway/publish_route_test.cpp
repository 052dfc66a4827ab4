#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "gateway/published_body.hpp"
#include "publish_route_bench.hpp"
#include "run_until.hpp"

namespace {

namespace http = boost::beast::http;
using Catch::Contains;
using nlohmann::json;
using regstream::EventId;
using regstream::broker::PublishError;
using regstream::test::run_until;

using Bench = regstream::test::PublishRouteBench;

constexpr const char* stage = R"({"stage":"t24_lookup","message":"Found 5 accounts"})";

TEST_CASE_METHOD(Bench, "a stage update is published, and answered with its id") {
  const auto recorder =
      send(R"({"stage":"t24_lookup","stageStatus":"completed","message":"Found 5 accounts"})");
  REQUIRE(recorder->answer);
  CHECK(recorder->answer->result() == http::status::created);
  CHECK((*recorder->answer)[http::field::content_type] == "application/json");
  CHECK(recorder->answer->body() == R"({"id":"1702493000000-17"})");
  CHECK(json::parse(broker.messages.at(0)) ==
        json::parse(R"({"registrationId":42,"status":"PENDING","stage":"t24_lookup",
                        "stageStatus":"completed","message":"Found 5 accounts",
                        "timestamp":1702493000123})"));
}

TEST_CASE_METHOD(Bench, "a final status is published with its details and log as they were sent") {
  CHECK(
      published(R"({"status":"APPROVED","message":"Validated","details":{"n":12345678901234567890},
                      "processLog":[ 1 ],"timestamp":5,"registrationId":42})") ==
      json::parse(R"({"registrationId":42,"status":"APPROVED","message":"Validated",
                        "details":{"n":12345678901234567890},"processLog":[1],"timestamp":5})"));
  CHECK_THAT(broker.messages.back(), Contains(R"({"n":12345678901234567890})"));
}

TEST_CASE_METHOD(Bench, "members that are not known are kept, and an id is ignored") {
  const json message = published(
      R"( {"stage":"a","message":"b","branch":{"code":7},"id":"1-1","status":"REVIEW"} )");
  CHECK(message.at("branch") == json::parse(R"({"code":7})"));
  CHECK(message.at("status") == "REVIEW");
  CHECK_FALSE(message.contains("id"));
}

TEST_CASE_METHOD(Bench, "an id as text is that of the path, and is published as a number") {
  CHECK(published(R"({"registrationId":"42","status":"FAILED"})").at("registrationId") == 42);
}

TEST_CASE_METHOD(Bench, "no key is in the published message twice") {
  published(R"({"registrationId":42,"status":"FAILED","message":"x","timestamp":1})");
  const std::string& message = broker.messages.back();
  for (const char* key : {"\"registrationId\"", "\"status\"", "\"timestamp\""}) {
    CHECK(message.find(key) == message.rfind(key));
  }
}

TEST_CASE_METHOD(Bench, "what can't be an update is a 400 that names the field") {
  const auto [body, reason] = GENERATE(table<const char*, const char*>({
      {"{}", "status is missing"},
      {R"({"message":"x"})", "status is missing"},
      {R"({"status":"APPROVED","registrationId":43})", "registrationId must be 42"},
      {R"({"status":"APPROVED","registrationId":"43"})", "registrationId must be 42"},
      {R"({"status":"APPROVED","registrationId":"042"})", "its digits as a string"},
      {R"({"status":"APPROVED","registrationId":9007199254740992})", "above 9007199254740991"},
      {"{\"status\":\"APPROVED\"}\n{\"status\":\"FAILED\"}\n",
       "more than one JSON value: publish each update by itself"},
      {R"({"status":7})", "status must be"},
      {R"({"stage":{}})", "stage must be"},
      {R"({"stage":"a","stageStatus":"done"})", "stageStatus must be started"},
      {R"({"status":"FAILED","message":[]})", "message must be"},
      {R"({"status":"FAILED","details":[1]})", "details must be"},
      {R"({"status":"FAILED","processLog":{"a":1}})", "processLog must be"},
      {R"({"status":"FAILED","timestamp":"now"})", "timestamp must be"},
      {"", "not valid JSON"},
      {"{", "not valid JSON: the error is at byte 2"},
      {R"({"a":1,})", "not valid JSON: the error is at byte 8"},
      {R"({"a":1}})", "not valid JSON: the error is at byte 8"},
      {R"(}{)", "not valid JSON: the error is at byte 1"},
      {"7", "must be a JSON object"},
      {R"({"status":"FAILED","details":{"n":1e999}})", "number that is too large"},
      {R"({"status":"FAILED","status":"APPROVED"})", R"(the member "status" twice)"},
      {"{\"a\":\"\xff\"}", "not valid JSON"},
  }));
  CAPTURE(body);
  CHECK_THAT(refused(body), Contains(reason));
}

TEST_CASE_METHOD(Bench, "a body that nests too deeply is a 400") {
  CHECK_THAT(refused(R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}"),
             Contains("nested too deeply"));
}

TEST_CASE_METHOD(Bench, "an update that is too large is a 413, to the byte") {
  const std::string frame = R"({"registrationId":42,"status":"FAILED","message":"","timestamp":1})";
  const std::string room(regstream::gateway::published_bytes_max - frame.size(), 'x');
  const auto with = [&](const std::string& message) {
    return R"({"registrationId":42,"status":"FAILED","message":")" + message +
           R"(","timestamp":1})";
  };
  CHECK(send(with(room))->answer->result() == http::status::created);
  CHECK(broker.messages.back().size() == regstream::gateway::published_bytes_max);
  CHECK_THAT(problem(send(with(room + "x")), http::status::payload_too_large),
             Contains("at most 1048320 bytes"));
  // Small enough as sent, but too large with the added members.
  CHECK_THAT(problem(send(R"({"status":"FAILED","message":")" + room + R"("})"),
                     http::status::payload_too_large),
             Contains("at most 1048320 bytes"));
  CHECK(broker.messages.size() == 1);
}

TEST_CASE_METHOD(Bench, "the path must name a registration") {
  const auto* id = GENERATE("0", "-1", "x", "9007199254740992");
  CHECK_THAT(problem(send(stage, {}, std::string{"/api/registrations/"} + id + "/updates"),
                     http::status::bad_request),
             Contains("from 1 to 9007199254740991"));
}

TEST_CASE("updates of another workflow are published by its own path and words") {
  const regstream::Workflow imports{.name = "imports",
                                    .id_member = "importId",
                                    .id_kind = regstream::IdKind::text,
                                    .statuses = {{"RUNNING", regstream::StatusKind::open},
                                                 {"DONE", regstream::StatusKind::final}},
                                    .stage_update_status = "RUNNING",
                                    .stages = {},
                                    .infer_stage_status = false,
                                    .channel = "service:imports",
                                    .stream_path = "/api/imports/stream",
                                    .updates_path = "/api/imports/{id}/updates"};
  Bench bench{{}, imports};
  const auto send = [&bench](const std::string& id, const std::string& body) {
    return bench.send(body, {}, "/api/imports/" + id + "/updates");
  };
  SECTION("an id is percent-decoded, once, and its stage updates have the workflow's status") {
    REQUIRE(send("a%2Fb%20%2525%22", R"({"stage":"read","message":"started"})")->answer);
    CHECK(json::parse(bench.broker.messages.at(0)) ==
          json::parse(R"({"importId":"a/b %25\"","status":"RUNNING","stage":"read",
                          "stageStatus":"completed","message":"started",
                          "timestamp":1702493000123})"));
  }
  SECTION("an id in the body is that of the path") {
    CHECK(send("7", R"({"importId":"7","status":"DONE"})")->answer->result() ==
          http::status::created);
    CHECK(Bench::problem(send("7", R"({"importId":"8","status":"DONE"})"),
                         http::status::bad_request) ==
          "importId must be as in the path, or left out.");
    CHECK(Bench::problem(send("7", R"({"importId":7,"status":"DONE"})"), http::status::bad_request)
              .starts_with("importId must be"));
    CHECK(bench.broker.messages.size() == 1);
  }
  SECTION("what is no id is a 400 that quotes nothing") {
    for (const std::string& id :
         {std::string{"*"}, std::string{"%2A"}, std::string(129, 'x'), std::string{"a%0Ab"},
          std::string{"%FF"}, std::string{"%C2%85"}}) {
      CAPTURE(id);
      CHECK(Bench::problem(send(id, R"({"status":"DONE"})"), http::status::bad_request) ==
            "The imports id in the path must be 1 to 128 bytes of UTF-8 without control "
            "characters, and not *.");
    }
    CHECK(bench.broker.messages.empty());
  }
  SECTION("the registration's path is not there") {
    CHECK(bench.send(R"({"status":"DONE"})")->answer->result() == http::status::not_found);
  }
}

TEST_CASE_METHOD(Bench, "a body of another type is a 415, and a query a 400") {
  const auto* type = GENERATE("", "text/plain", "application/x-www-form-urlencoded");
  CHECK_THAT(problem(send(stage, {}, "/api/registrations/42/updates", type),
                     http::status::unsupported_media_type),
             Contains("application/json"));
  CHECK_THAT(
      problem(send(stage, {}, "/api/registrations/42/updates?a=1"), http::status::bad_request),
      Contains("no query"));
  CHECK(broker.messages.empty());
}

TEST_CASE_METHOD(Bench, "the idempotency key is of one id, and no other's") {
  const std::string longest(200, 'k');
  send(stage, {{"idempotency-key", "8e03978e-40d5"}});
  send(stage, {{"Idempotency-Key", "8e03978e-40d5"}});
  send(stage, {{"Idempotency-Key", "8e03978e-40d5"}}, "/api/registrations/43/updates");
  send(stage, {{"Idempotency-Key", longest}});
  send(stage, {{"Idempotency-Key", "28e03978e-40d5"}}, "/api/registrations/4/updates");
  send(stage);
  REQUIRE(broker.keys.size() == 6);
  CHECK(broker.keys[0] == broker.keys[1]);
  CHECK(std::set<std::string>(broker.keys.begin(), broker.keys.end()).size() == 5);
  for (std::size_t key = 0; key < 5; ++key) {
    CHECK(broker.keys[key].size() ==
          43);  // SHA-256 in base64url, which is short enough for every broker.
  }
  CHECK(broker.keys.back().empty());
}

TEST_CASE_METHOD(Bench, "a key that is none, and two keys, are refused") {
  const auto fields =
      GENERATE(std::vector<Bench::Field>{{"Idempotency-Key", ""}},
               std::vector<Bench::Field>{{"Idempotency-Key", std::string(201, 'k')}},
               std::vector<Bench::Field>{{"Idempotency-Key", "caf\xc3\xa9"}},
               std::vector<Bench::Field>{{"Idempotency-Key", "a"}, {"Idempotency-Key", "a"}});
  CHECK_THAT(problem(send(stage, fields), http::status::bad_request), Contains("Idempotency-Key"));
  CHECK(broker.messages.empty());
}

TEST_CASE_METHOD(Bench, "nothing is answered before the broker has acknowledged") {
  broker.result.reset();
  const auto recorder = send(stage);
  context.poll();
  CHECK_FALSE(recorder->answer);
  broker.unanswered.at(0)(EventId{1, 2});
  REQUIRE(recorder->answer);
  CHECK(recorder->answer->body() == R"({"id":"1-2"})");
  context.run();  // The timer has been cancelled, or this would wait for it.
}

TEST_CASE_METHOD(Bench, "a broker that can't is a 503 that says when to come back") {
  std::shared_ptr<regstream::net::Recorder> recorder;
  SECTION("since it is away") {
    broker.connected = false;
    recorder = send(stage);
    CHECK(broker.messages.empty());
  }
  SECTION("since it failed, for a reason that is not for everyone") {
    broker.result = PublishError{"secret.host:6379 refused"};
    recorder = send(stage);
  }
  const std::string detail = problem(recorder, http::status::service_unavailable);
  CHECK_THAT(detail, Contains("try again") && !Contains("secret"));
  CHECK((*recorder->answer)[http::field::retry_after] == "1");
}

TEST_CASE("a broker that never answers is a 503 after a while and a late answer is dropped") {
  Bench bench({.answer_timeout = regstream::Duration{1}});
  bench.broker.result.reset();
  const auto recorder = bench.send(stage);
  REQUIRE(run_until(bench.context, [&] { return recorder->answer.has_value(); }));
  CHECK_THAT(Bench::problem(recorder, http::status::service_unavailable),
             Contains("may have published") && Contains("Idempotency-Key"));
  bench.broker.unanswered.at(0)(EventId{1, 2});
  CHECK(recorder->answer->result() == http::status::service_unavailable);
}

}  // namespace
