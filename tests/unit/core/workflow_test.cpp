#include <regstream/workflow/workflow.hpp>

#include <string>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <regstream/workflow/registration.hpp>

namespace regstream {
namespace {

/// A workflow that shares no word with the registration's.
Workflow card_workflow() {
  return {.name = "card",
          .id_member = "cardOrder",
          .id_kind = IdKind::text,
          .statuses = {{.name = "RUNNING", .kind = StatusKind::open},
                       {.name = "SENT", .kind = StatusKind::final},
                       {.name = "REFUSED", .kind = StatusKind::failed}},
          .stage_update_status = "RUNNING",
          .stages = {{.name = "limits", .title = "Limits"}, {.name = "print", .title = "Printing"}},
          .infer_stage_status = false,
          .channel = "cards",
          .stream_path = "/cards/stream",
          .updates_path = "/cards/{id}/updates"};
}

Update read(std::string_view json, const Workflow& workflow) {
  auto decoded = decode_update(json, workflow);
  if (const auto* const error = std::get_if<DecodeError>(&decoded)) {
    FAIL(error->what);
  }
  return std::get<Update>(std::move(decoded));
}

std::string problem_of(std::string_view json, const Workflow& workflow) {
  const auto decoded = decode_update_slices(json, workflow);
  const auto* const error = std::get_if<DecodeError>(&decoded);
  return error == nullptr ? "" : error->what;
}

}  // namespace

TEST_CASE("a text id has 1 to 128 bytes of UTF-8 and no control character") {
  CHECK(is_text_id("a"));
  CHECK(is_text_id("import 2024/07 *"));
  CHECK(is_text_id("Müller & Söhne"));
  CHECK(is_text_id("**"));
  CHECK(is_text_id(std::string(128, 'a')));
  CHECK(is_text_id("\xC2\xA0"));  // U+00A0 is the first after the control characters.

  CHECK_FALSE(is_text_id(""));
  CHECK_FALSE(is_text_id("*"));
  CHECK_FALSE(is_text_id(std::string(129, 'a')));
  CHECK_FALSE(is_text_id("a\nb"));
  CHECK_FALSE(is_text_id(std::string("a\0b", 3)));
  CHECK_FALSE(is_text_id("a\x7F"));
  CHECK_FALSE(is_text_id("\xC2\x80"));
  CHECK_FALSE(is_text_id("\xC2\x9F"));
  CHECK_FALSE(is_text_id("\xC2"));
  CHECK_FALSE(is_text_id("\xED\xA0\x80"));
}

TEST_CASE("the built-in workflow has the contract's words") {
  const Workflow& workflow = registration_workflow();
  CHECK(workflow.id_member == "registrationId");
  CHECK(workflow.channel == "service:registration-updates");
  CHECK_FALSE(workflow.is_final("PENDING"));
  CHECK(workflow.is_final("APPROVED"));
  CHECK(workflow.kind_of("FAILED") == StatusKind::failed);
  CHECK(workflow.kind_of("ARCHIVED") == StatusKind::open);
  CHECK(workflow.has_stage("t24_lookup"));
  CHECK_FALSE(workflow.has_stage("t24"));
  for (const WorkflowStatus& status : workflow.statuses) {
    CAPTURE(status.name);
    CHECK(to_string(parse_status(status.name)) == status.name);
    CHECK(is_final(parse_status(status.name)) == workflow.is_final(status.name));
  }
}

TEST_CASE("an update names its instance by the workflow's id member") {
  const Workflow cards = card_workflow();
  const std::string json =
      R"({"cardOrder":"N\u00f6 1/7","status":"RUNNING","stage":"print","stageStatus":"started",)"
      R"("message":"","timestamp":5})";
  const Update update = read(json, cards);
  CHECK(update.text_id == "Nö 1/7");
  CHECK(update.registration_id == 0);
  CHECK(update.unknown.empty());
  CHECK(read(encode_update(update, cards), cards) == update);

  const Update stranger = read(R"({"registrationId":42,"cardOrder":"a","status":"SENT"})", cards);
  CHECK(stranger.unknown == R"({"registrationId":42})");
}

TEST_CASE("an id of the wrong kind is refused with the member's name") {
  const Workflow cards = card_workflow();
  const std::string expected =
      "cardOrder must be a string of 1 to 128 bytes without control characters, and not *";
  CHECK(problem_of(R"({"cardOrder":42,"status":"SENT"})", cards) == expected);
  CHECK(problem_of(R"({"cardOrder":"","status":"SENT"})", cards) == expected);
  CHECK(problem_of(R"({"cardOrder":"*","status":"SENT"})", cards) == expected);
  CHECK(problem_of(R"({"cardOrder":"a\u0000","status":"SENT"})", cards) == expected);
  CHECK(problem_of(R"({"cardOrder":")" + std::string(129, 'a') + R"(","status":"SENT"})", cards) ==
        expected);
  CHECK(problem_of(R"({"registrationId":42,"status":"SENT"})", cards) ==
        "cardOrder is missing: every update needs cardOrder and status");
  CHECK(problem_of(R"({"cardOrder":"a"})", cards) ==
        "status is missing: every update needs cardOrder and status");
}

TEST_CASE("a stage's status is inferred from the message only if the workflow says so") {
  Workflow cards = card_workflow();
  const std::string json =
      R"({"cardOrder":"a","status":"RUNNING","stage":"print","message":"Printing started"})";
  CHECK(read(json, cards).stage_status == StageStatus::completed);
  cards.infer_stage_status = true;
  CHECK(read(json, cards).stage_status == StageStatus::started);
}

TEST_CASE("the workflow says which statuses end an instance and which fail its stages") {
  const Workflow cards = card_workflow();
  const auto update = [&cards](std::string_view members) {
    return read(R"({"cardOrder":"a",)" + std::string(members) + "}", cards);
  };
  Registration order(InstanceId("a"), cards);
  order.apply(
      update(R"("status":"RUNNING","stage":"print","stageStatus":"started","timestamp":1)"));
  CHECK(progress_of(order.view(), cards) == Progress{.stages_done = 0, .stages_total = 2});
  // A final status of the registration is not one here.
  order.apply(update(R"("status":"APPROVED","timestamp":2)"));
  CHECK_FALSE(order.view().is_final);
  order.apply(update(R"("status":"REFUSED","timestamp":3)"));
  CHECK(order.view().is_final);
  REQUIRE(order.view().stages.size() == 1);
  CHECK(order.view().stages.front().status == StageStatus::failed);
  CHECK(progress_of(order.view(), cards) == Progress{.stages_done = 2, .stages_total = 2});

  auto other = update(R"("status":"SENT","timestamp":4)");
  other.text_id = "b";
  CHECK(order.apply(other) == Applied::other_registration);
}

TEST_CASE("a view of any workflow comes back from its snapshot") {
  const Workflow cards = card_workflow();
  Registration order(InstanceId("a \"b\""), cards);
  Update update = read(
      R"({"cardOrder":"a \"b\"","status":"SENT","stage":"print","timestamp":7,"details":{"n":1}})",
      cards);
  update.id = EventId{.epoch = 9, .sequence = 2};
  order.apply(update);
  const std::string json = encode_view(order.view(), cards);
  CHECK(json.starts_with(R"({"cardOrder":"a \"b\"","status":"SENT",)"));
  const auto decoded = decode_view(json, cards);
  REQUIRE(std::holds_alternative<RegistrationView>(decoded));
  CHECK(std::get<RegistrationView>(decoded) == order.view());
  CHECK(std::holds_alternative<DecodeError>(decode_view(json, registration_workflow())));
}

TEST_CASE("the progress total of a workflow without stages is never zero") {
  Workflow cards = card_workflow();
  cards.stages.clear();
  const RegistrationView nothing;
  CHECK(progress_of(nothing, cards) == Progress{.stages_done = 0, .stages_total = 1});
}

TEST_CASE("an id is read by its workflow's kind and only as a whole") {
  CHECK(parse_instance_id("42", IdKind::integer) == InstanceId{42});
  CHECK(parse_instance_id("9007199254740991", IdKind::integer) == InstanceId{integer_id_max});
  for (const char* const text : {"", "0", "-1", "+1", " 1", "1 ", "1.0", "0x1", "9007199254740992",
                                 "99999999999999999999", "*", "a"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_instance_id(text, IdKind::integer));
  }
  CHECK(parse_instance_id("a:b", IdKind::text) == InstanceId{std::string{"a:b"}});
  CHECK(parse_instance_id("**", IdKind::text) == InstanceId{std::string{"**"}});
  for (const char* const text : {"", "*", "a\n", "\xff"}) {
    CHECK_FALSE(parse_instance_id(text, IdKind::text));
  }
  CHECK_FALSE(parse_instance_id(std::string(text_id_bytes_max + 1, 'a'), IdKind::text));
}

}  // namespace regstream
