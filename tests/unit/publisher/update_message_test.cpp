#include <cstdint>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <regstream/message/codec.hpp>
#include <regstream/message/update.hpp>
#include <regstream/publisher/publisher.hpp>

namespace {

using nlohmann::json;
using regstream::Publisher;
using regstream::StageStatus;
using regstream::Status;

/// Records what was published.
class RecordingBroker final : public regstream::broker::Broker {
 public:
  using Broker::Broker;

  void publish(std::string message, std::string key,
               regstream::broker::PublishHandler done) override {
    messages.push_back(std::move(message));
    keys.push_back(std::move(key));
    if (done) {
      done(regstream::EventId{1'702'493'000'000, messages.size()});
    }
  }
  void subscribe(regstream::broker::Subscriber& /*subscriber*/) override {}
  void catch_up() override {}
  [[nodiscard]] bool is_connected() const override { return true; }

  std::vector<std::string> messages;
  std::vector<std::string> keys;
};

struct Fixture {
  RecordingBroker broker;
  Publisher publisher{broker, [] { return std::int64_t{1'702'493'000'000}; }};

  [[nodiscard]] json published() const { return json::parse(broker.messages.at(0)); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a stage update has the contract's fields") {
  publisher.publishStageUpdate(42, "duplicate_check", StageStatus::started,
                               "Checking for duplicates");
  CHECK(published() ==
        json::parse(R"({"registrationId":42,"status":"PENDING","stage":"duplicate_check",
                        "stageStatus":"started","message":"Checking for duplicates",
                        "timestamp":1702493000000})"));
}

TEST_CASE_METHOD(Fixture, "a final status has the contract's fields") {
  publisher.publishFinalStatus(42, Status::approved, "Customer validated successfully",
                               R"({"accountsFound":5})", R"([{"stage":"t24_lookup"}])");
  CHECK(published() == json::parse(R"({"registrationId":42,"status":"APPROVED",
                        "message":"Customer validated successfully",
                        "details":{"accountsFound":5},"processLog":[{"stage":"t24_lookup"}],
                        "timestamp":1702493000000})"));
}

TEST_CASE_METHOD(Fixture, "a final status without details and log leaves the fields out") {
  publisher.publishFinalStatus(42, Status::failed, "No accounts found");
  CHECK(published() == json::parse(R"({"registrationId":42,"status":"FAILED",
                                       "message":"No accounts found","timestamp":1702493000000})"));
}

TEST_CASE_METHOD(Fixture, "the codec reads what the publisher writes") {
  const std::string message = "Found 5 \"accounts\"\n\xe2\x9c\x93 \\";
  publisher.publishStageUpdate(regstream::registration_id_max, "t24_lookup", StageStatus::failed,
                               message);
  const auto decoded = regstream::decode_update(broker.messages.at(0));
  REQUIRE(std::holds_alternative<regstream::Update>(decoded));
  const auto& update = std::get<regstream::Update>(decoded);
  CHECK(update.registration_id == regstream::registration_id_max);
  CHECK(update.stage == "t24_lookup");
  CHECK(update.stage_status == StageStatus::failed);
  CHECK(update.message == message);
}

TEST_CASE_METHOD(Fixture, "a message that is not UTF-8 still makes a readable update") {
  publisher.publishStageUpdate(42, "t24_lookup", StageStatus::failed, "T24 said \xff\xfe");
  CHECK(json::accept(broker.messages.at(0)));
  CHECK(std::holds_alternative<regstream::Update>(regstream::decode_update(broker.messages.at(0))));
}

TEST_CASE_METHOD(Fixture, "the publisher tells the id that each update got") {
  std::vector<std::string> ids;
  const auto done = [&ids](const regstream::broker::PublishResult& result) {
    ids.push_back(to_string(std::get<regstream::EventId>(result)));
  };
  publisher.publishStageUpdate(1, "t24_lookup", StageStatus::started, "", done);
  publisher.publishFinalStatus(1, Status::failed, "", {}, {}, done);
  CHECK(ids == std::vector<std::string>{"1702493000000-1", "1702493000000-2"});
}

TEST_CASE_METHOD(Fixture, "the idempotency key goes to the broker, empty where there is none") {
  publisher.publishStageUpdate(1, "t24_lookup", StageStatus::started, "", {}, "stage key");
  publisher.publishFinalStatus(1, Status::failed, "", {}, {}, {}, "final key");
  publisher.publishFinalStatus(1, Status::failed, "");
  CHECK(broker.keys == std::vector<std::string>{"stage key", "final key", ""});
}

TEST_CASE_METHOD(Fixture, "what can't be an update is refused, and nothing is published") {
  for (const std::int64_t id :
       {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, regstream::registration_id_max + 1}) {
    CAPTURE(id);
    CHECK_THROWS_AS(publisher.publishStageUpdate(id, "stage", StageStatus::started, ""),
                    std::invalid_argument);
    CHECK_THROWS_AS(publisher.publishFinalStatus(id, Status::failed, ""), std::invalid_argument);
  }
  CHECK_THROWS_AS(publisher.publishStageUpdate(1, "", StageStatus::started, ""),
                  std::invalid_argument);
  for (const Status status : {Status::pending, Status::other}) {
    CHECK_THROWS_AS(publisher.publishFinalStatus(1, status, ""), std::invalid_argument);
  }
  for (const std::string_view details :
       {"[]", "[1]", "1", "null", "\"{}\"", "{", "{}{}", "{\"a\":}", "{\"a\":1e999}", "  ",
        "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", "{},\"status\":\"APPROVED\"", "[],\"details\":{}",
        "{},\"more\":1", "{}}{\"a\":{}"}) {
    CAPTURE(details);
    CHECK_THROWS_WITH(publisher.publishFinalStatus(1, Status::failed, "", details),
                      "the details must be a JSON object");
  }
  for (const std::string_view process_log :
       {"{}", "{\"a\":1}", "\"[]\"", "null", "[", "[1,]", "[],\"id\":\"1-1\""}) {
    CAPTURE(process_log);
    CHECK_THROWS_WITH(publisher.publishFinalStatus(1, Status::failed, "", {}, process_log),
                      "the process log must be a JSON array");
  }
  CHECK_THROWS_WITH(publisher.publishFinalStatus(1, Status::failed, "", "{\"a\":1", "[]}"),
                    "the details must be a JSON object");
  CHECK_THROWS_WITH(publisher.publishFinalStatus(1, Status::failed, "", "{", "[]"),
                    "the details must be a JSON object, and the process log a JSON array");
  Publisher early{broker, [] { return std::int64_t{-1}; }};
  CHECK_THROWS_WITH(early.publishStageUpdate(1, "stage", StageStatus::started, ""),
                    Catch::Contains("timestamp must be a time in milliseconds since 1970"));
  CHECK(broker.messages.empty());
}

TEST_CASE_METHOD(Fixture, "what subscribers read may be published, as it was given") {
  publisher.publishFinalStatus(1, Status::failed, "", R"({"a":"\ud800","a":"\udc00x"})",
                               R"(["\ud83d", 1E-999, 12345678901234567890])");
  CHECK_THAT(broker.messages.back(),
             Catch::Contains(R"("details":{"a":"\ud800","a":"\udc00x"},)") &&
                 Catch::Contains(R"("processLog":["\ud83d", 1E-999, 12345678901234567890],)"));
}

TEST_CASE_METHOD(Fixture, "white space around details and log is no mistake") {
  publisher.publishFinalStatus(1, Status::failed, "", " \n{ } ", "\t[ ]\n");
  CHECK(published().at("details") == json::object());
  CHECK(published().at("processLog") == json::array());
}

namespace {

regstream::Workflow imports() {
  using regstream::StatusKind;
  return {.name = "imports",
          .id_member = "importId",
          .id_kind = regstream::IdKind::text,
          .statuses = {{"RUNNING", StatusKind::open},
                       {"DONE", StatusKind::final},
                       {"PARTIAL", StatusKind::final},
                       {"BROKEN", StatusKind::failed}},
          .stage_update_status = "RUNNING",
          .stages = {{"read", "Read"}},
          .infer_stage_status = false,
          .channel = "service:imports",
          .stream_path = "/api/imports/stream",
          .updates_path = "/api/imports/{id}/updates"};
}

struct ImportsFixture {
  regstream::Workflow workflow = imports();
  RecordingBroker broker{workflow};
  Publisher publisher{broker, [] { return std::int64_t{1'702'493'000'000}; }};
};

}  // namespace

TEST_CASE_METHOD(ImportsFixture, "a publisher speaks its broker's workflow") {
  const regstream::InstanceId id{"2026/\xc3\xa4 1"};
  publisher.publishStageUpdate(id, "read", StageStatus::started, "row 1");
  publisher.publishStageUpdate(id, "not declared", StageStatus::failed, "");
  publisher.publishFinalStatus(id, "PARTIAL", "", R"({"rows":5})");
  CHECK(json::parse(broker.messages.at(0)) ==
        json::parse(R"({"importId":"2026/\u00e4 1","status":"RUNNING","stage":"read",
                        "stageStatus":"started","message":"row 1","timestamp":1702493000000})"));
  CHECK(json::parse(broker.messages.at(1)).at("stage") == "not declared");
  CHECK(json::parse(broker.messages.at(2)) ==
        json::parse(R"({"importId":"2026/\u00e4 1","status":"PARTIAL","message":"",
                        "details":{"rows":5},"timestamp":1702493000000})"));
}

TEST_CASE_METHOD(ImportsFixture, "what a workflow does not declare is refused with what it does") {
  const std::string id_expected =
      "the imports's id must be text: 1 to 128 bytes of UTF-8 without control characters, and not "
      "*";
  for (const std::string& text :
       {std::string{}, std::string{"*"}, std::string(129, 'x'), std::string{"a\nb"},
        std::string{"a\x7f"}, std::string{"\xff"}, std::string{"\xed\xa0\x80"}}) {
    CAPTURE(text);
    CHECK_THROWS_WITH(
        publisher.publishStageUpdate(regstream::InstanceId{text}, "read", StageStatus::started, ""),
        id_expected);
  }
  CHECK_THROWS_WITH(publisher.publishFinalStatus(42, "DONE", ""), id_expected);
  const regstream::InstanceId id{std::string(128, 'x')};
  for (const char* const status : {"RUNNING", "APPROVED", "done", ""}) {
    CAPTURE(status);
    CHECK_THROWS_WITH(publisher.publishFinalStatus(id, status, ""),
                      "the final status must be DONE, PARTIAL or BROKEN");
  }
  CHECK_THROWS_WITH(publisher.publishStageUpdate(id, "", StageStatus::started, ""),
                    "the stage must have a name, such as read");
  CHECK(broker.messages.empty());
  publisher.publishFinalStatus(id, "DONE", "");
  CHECK(broker.messages.size() == 1);
}

TEST_CASE_METHOD(Fixture, "the registration's words are those of its declaration") {
  CHECK_THROWS_WITH(publisher.publishFinalStatus(42, Status::pending, ""),
                    "the final status must be APPROVED, DUPLICATE, FAILED or COMPLETED");
  CHECK_THROWS_WITH(publisher.publishFinalStatus(regstream::InstanceId{"42"}, Status::failed, ""),
                    "the registration's id must be from 1 to 2^53 - 1");
  CHECK(broker.messages.empty());
}
