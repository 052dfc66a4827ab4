#include <catch2/catch.hpp>
#include <cstdint>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <string>
#include <string_view>

using regstream::Applied;
using regstream::EventId;
using regstream::Gap;
using regstream::Progress;
using regstream::Registration;
using regstream::RegistrationView;
using regstream::StageStatus;
using regstream::StageView;
using regstream::Update;

namespace {

Update stage(std::string_view name, StageStatus status, std::int64_t timestamp_ms,
             std::string_view message = "m") {
  Update update;
  update.registration_id = 42;
  update.status = "PENDING";
  update.stage = name;
  update.stage_status = status;
  update.message = message;
  update.timestamp_ms = timestamp_ms;
  return update;
}

Update outcome(std::string_view status, std::int64_t timestamp_ms, std::string_view details = {},
               std::string_view process_log = {}) {
  Update update;
  update.registration_id = 42;
  update.status = status;
  update.message = "outcome";
  update.details = details;
  update.process_log = process_log;
  update.timestamp_ms = timestamp_ms;
  return update;
}

/// A registration that has seen one whole validation.
Registration validated(std::string_view status = "APPROVED") {
  Registration registration{42};
  registration.apply(stage("duplicate_check", StageStatus::started, 10));
  registration.apply(stage("duplicate_check", StageStatus::completed, 20));
  registration.apply(stage("t24_lookup", StageStatus::started, 30));
  registration.apply(stage("t24_lookup", StageStatus::completed, 40));
  registration.apply(outcome(status, 50, R"({"accountsFound":5})", "[1]"));
  return registration;
}

}  // namespace

TEST_CASE("a registration knows nothing but its id before the first update") {
  const Registration registration{42};
  CHECK(registration.view().registration_id == 42);
  CHECK(registration.view().status.empty());
  CHECK_FALSE(registration.view().is_final);
}

TEST_CASE("a stage starts and completes and keeps both times and its last message") {
  Registration registration{42};
  CHECK(registration.apply(stage("t24_lookup", StageStatus::started, 10, "Looking up")) ==
        Applied::changed);
  CHECK(registration.view().stage == "t24_lookup");
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"t24_lookup", StageStatus::started, "Looking up", 10, 0}});
  CHECK(registration.apply(stage("t24_lookup", StageStatus::completed, 30, "Found 5 accounts")) ==
        Applied::changed);
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"t24_lookup", StageStatus::completed, "Found 5 accounts", 10, 30}});
  CHECK(registration.view().message == "Found 5 accounts");
  CHECK(registration.view().timestamp_ms == 30);
  CHECK(registration.view().status == "PENDING");
}

TEST_CASE("stages are in the order in which they appeared") {
  const Registration registration = validated();
  REQUIRE(registration.view().stages.size() == 2);
  CHECK(registration.view().stages[0].name == "duplicate_check");
  CHECK(registration.view().stages[1].name == "t24_lookup");
}

TEST_CASE("a final status ends the validation and sets details and log") {
  for (const std::string_view status : {"APPROVED", "DUPLICATE", "FAILED", "COMPLETED"}) {
    const Registration registration = validated(status);
    CHECK(registration.view().status == status);
    CHECK(registration.view().is_final);
    CHECK(registration.view().message == "outcome");
    CHECK(registration.view().details == R"({"accountsFound":5})");
    CHECK(registration.view().process_log == "[1]");
    CHECK(registration.view().stages.size() == 2);
  }
}

TEST_CASE("an update of another registration changes nothing") {
  Registration registration = validated();
  const RegistrationView before = registration.view();
  Update other = stage("x", StageStatus::started, 99);
  other.registration_id = 43;
  CHECK(registration.apply(other) == Applied::other_registration);
  CHECK(registration.view() == before);
}

TEST_CASE("a duplicate changes nothing and is reported as unchanged") {
  Registration registration{42};
  const Update updates[] = {stage("a", StageStatus::started, 10),
                            stage("a", StageStatus::completed, 20), outcome("FAILED", 30, "{}")};
  for (const Update& update : updates) {
    CHECK(registration.apply(update) == Applied::changed);
    const RegistrationView before = registration.view();
    CHECK(registration.apply(update) == Applied::unchanged);
    CHECK(registration.view() == before);
  }
}

TEST_CASE("a start that is delivered again after the stage ended does not start it again") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::started, 10));
  registration.apply(stage("a", StageStatus::completed, 20));
  registration.apply(stage("a", StageStatus::started, 10));
  CHECK(registration.view().stages[0].status == StageStatus::completed);
  registration.apply(outcome("APPROVED", 30));
  CHECK(registration.apply(stage("a", StageStatus::started, 10)) == Applied::unchanged);
  CHECK(registration.view().is_final);
}

TEST_CASE("an earlier stage's end that is delivered again does not set the view back") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::completed, 20));
  registration.apply(stage("b", StageStatus::started, 30, "second"));
  const RegistrationView before = registration.view();
  CHECK(registration.apply(stage("a", StageStatus::completed, 20)) == Applied::unchanged);
  CHECK(registration.view() == before);
}

TEST_CASE("a stage that is retried has new times") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::started, 10));
  registration.apply(stage("a", StageStatus::failed, 20));
  registration.apply(stage("a", StageStatus::started, 30));
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"a", StageStatus::started, "m", 30, 0}});
}

TEST_CASE("an update of a running stage keeps its start") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::started, 10, "started"));
  CHECK(registration.apply(stage("a", StageStatus::started, 15, "started: 2 of 5")) ==
        Applied::changed);
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"a", StageStatus::started, "started: 2 of 5", 10, 0}});
}

TEST_CASE("a stage may end without a start and may fail or be skipped") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::completed, 10));
  registration.apply(stage("b", StageStatus::skipped, 20));
  registration.apply(stage("c", StageStatus::failed, 30));
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"a", StageStatus::completed, "m", 0, 10},
                               {"b", StageStatus::skipped, "m", 0, 20},
                               {"c", StageStatus::failed, "m", 0, 30}});
}

TEST_CASE("a final status ends the stages that still run") {
  Registration failed{42};
  failed.apply(stage("a", StageStatus::completed, 10));
  failed.apply(stage("b", StageStatus::started, 20));
  failed.apply(outcome("FAILED", 30));
  CHECK(failed.view().stages[0].status == StageStatus::completed);
  CHECK(failed.view().stages[1] == StageView{"b", StageStatus::failed, "m", 20, 30});

  Registration approved{42};
  approved.apply(stage("b", StageStatus::started, 20));
  approved.apply(outcome("APPROVED", 30));
  CHECK(approved.view().stages[0] == StageView{"b", StageStatus::completed, "m", 20, 30});
}

TEST_CASE("a stage that starts after a final status begins another validation") {
  Registration registration = validated("FAILED");
  CHECK(registration.apply(stage("duplicate_check", StageStatus::started, 100)) ==
        Applied::changed);
  CHECK_FALSE(registration.view().is_final);
  CHECK(registration.view().status == "PENDING");
  CHECK(registration.view().details.empty());
  CHECK(registration.view().process_log.empty());
  CHECK(registration.view().stages ==
        std::vector<StageView>{{"duplicate_check", StageStatus::started, "m", 100, 0}});
}

TEST_CASE("the first stage begins another validation even without the status started") {
  Registration registration = validated("FAILED");
  const Update again =
      stage("duplicate_check", StageStatus::completed, 100, "Checking for duplicates");
  CHECK(registration.apply(again) == Applied::changed);
  CHECK_FALSE(registration.view().is_final);
  CHECK(registration.view().status == "PENDING");
  CHECK(registration.view().stages.size() == 1);
  CHECK(registration.apply(again) == Applied::unchanged);

  Registration repeated = validated("FAILED");
  repeated.apply(stage("duplicate_check", StageStatus::completed, 20));
  CHECK(repeated.view().status == "FAILED");
  CHECK(repeated.view().is_final);
}

TEST_CASE("COMPLETED long after APPROVED keeps the stages and the log and sets its details") {
  Registration registration = validated("APPROVED");
  registration.apply(outcome("COMPLETED", 1000, R"({"mobileUserId":"u1"})"));
  CHECK(registration.view().status == "COMPLETED");
  CHECK(registration.view().is_final);
  CHECK(registration.view().stages.size() == 2);
  CHECK(registration.view().details == R"({"mobileUserId":"u1"})");
  CHECK(registration.view().process_log == "[1]");
}

TEST_CASE("a late end of a stage changes the stage but not the outcome") {
  Registration registration = validated("APPROVED");
  registration.apply(stage("t24_lookup", StageStatus::completed, 45, "Found 5 accounts"));
  CHECK(registration.view().status == "APPROVED");
  CHECK(registration.view().is_final);
  CHECK(registration.view().message == "outcome");
  CHECK(registration.view().timestamp_ms == 50);
  CHECK(registration.view().stages[1].message == "Found 5 accounts");
  registration.apply(stage("status_update", StageStatus::completed, 60));
  CHECK(registration.view().stages.size() == 3);
  CHECK(registration.view().status == "APPROVED");
}

TEST_CASE("a stage update with a final status ends the validation unless it starts its stage") {
  Registration registration{42};
  Update update = stage("status_update", StageStatus::started, 10);
  update.status = "COMPLETED";
  registration.apply(update);
  CHECK_FALSE(registration.view().is_final);
  update.stage_status = StageStatus::completed;
  update.timestamp_ms = 20;
  registration.apply(update);
  CHECK(registration.view().is_final);
}

TEST_CASE("a status without a stage is applied as it is whether or not it is known") {
  Registration registration{42};
  CHECK(registration.apply(outcome("PENDING", 10)) == Applied::changed);
  CHECK_FALSE(registration.view().is_final);
  CHECK(registration.apply(outcome("ARCHIVED", 20)) == Applied::changed);
  CHECK(registration.view().status == "ARCHIVED");
  CHECK_FALSE(registration.view().is_final);
}

TEST_CASE("an unknown status after a final one keeps the stages until a stage starts") {
  Registration registration = validated();
  registration.apply(outcome("ARCHIVED", 60));
  CHECK_FALSE(registration.view().is_final);
  CHECK(registration.view().has_ended);
  CHECK(registration.view().stages.size() == 2);

  const auto snapshot = regstream::decode_view(regstream::encode_view(registration.view()));
  Registration joined{42};
  joined.apply_snapshot(std::get<RegistrationView>(snapshot));
  for (Registration* each : {&registration, &joined}) {
    each->apply(stage("duplicate_check", StageStatus::started, 70));
    CHECK(each->view().stages.size() == 1);
    CHECK_FALSE(each->view().has_ended);
  }
}

TEST_CASE("stages beyond the limit are not kept but their status and message are") {
  Registration registration{42, {.stages_max = 2}};
  registration.apply(stage("a", StageStatus::started, 10));
  registration.apply(stage("b", StageStatus::started, 20));
  CHECK(registration.apply(stage("c", StageStatus::started, 30, "third")) ==
        Applied::too_many_stages);
  CHECK(registration.view().stages.size() == 2);
  CHECK(registration.view().message == "third");
  CHECK(registration.view().has_more_stages);
  CHECK(registration.apply(stage("a", StageStatus::completed, 40)) == Applied::changed);
  CHECK(registration.view().has_more_stages);
  registration.apply(outcome("APPROVED", 50));
  registration.apply(stage("a", StageStatus::started, 60));
  CHECK_FALSE(registration.view().has_more_stages);
}

TEST_CASE("a long message is cut between two characters and ends with an ellipsis") {
  Registration registration{42, {.stages_max = 2, .message_bytes_max = 7}};
  registration.apply(stage("a", StageStatus::started, 10, "ሰላም"));
  CHECK(registration.view().message == "ሰ…");
  CHECK(registration.view().stages[0].message == "ሰ…");
  CHECK(registration.apply(stage("a", StageStatus::started, 10, "ሰላም")) == Applied::unchanged);
  registration.apply(stage("a", StageStatus::started, 10, "abcdeé"));
  CHECK(registration.view().message == "abcdeé");
  registration.apply(stage("a", StageStatus::started, 10, "abcdéfg"));
  CHECK(registration.view().message == "abcd…");
}

TEST_CASE("the time of a view never goes back") {
  Registration registration{42};
  registration.apply(stage("a", StageStatus::started, 100));
  registration.apply(stage("a", StageStatus::completed, 90));
  CHECK(registration.view().timestamp_ms == 100);
  registration.apply(outcome("FAILED", 0));
  CHECK(registration.view().timestamp_ms == 100);
}

TEST_CASE("a snapshot replaces whatever was known") {
  const RegistrationView truth = validated().view();
  Registration registration{42};
  registration.apply(stage("x", StageStatus::started, 5));
  CHECK(registration.apply_snapshot(truth) == Applied::changed);
  CHECK(registration.view() == truth);
  CHECK(registration.apply_snapshot(truth) == Applied::unchanged);
}

TEST_CASE("updates go on from a snapshot as they would have without it") {
  const Update all[] = {stage("a", StageStatus::started, 10),
                        stage("a", StageStatus::completed, 20), outcome("FAILED", 30, "{}", "[]"),
                        stage("a", StageStatus::started, 40), outcome("APPROVED", 50)};
  for (std::size_t joined = 0; joined <= std::size(all); ++joined) {
    Registration witness{42};
    Registration late{42};
    for (std::size_t index = 0; index < std::size(all); ++index) {
      if (index == joined) {
        const auto snapshot = regstream::decode_view(regstream::encode_view(witness.view()));
        late.apply_snapshot(std::get<RegistrationView>(snapshot));
      }
      witness.apply(all[index]);
      if (index >= joined) {
        late.apply(all[index]);
        CHECK(late.view() == witness.view());
      }
    }
  }
}

TEST_CASE(
    "a snapshot of another registration changes nothing and one with too many stages is cut") {
  Registration registration{42, {.stages_max = 1}};
  RegistrationView snapshot = validated().view();
  snapshot.registration_id = 43;
  CHECK(registration.apply_snapshot(snapshot) == Applied::other_registration);
  CHECK(registration.view().status.empty());
  snapshot.registration_id = 42;
  CHECK(registration.apply_snapshot(snapshot) == Applied::too_many_stages);
  CHECK(registration.view().stages.size() == 1);
  CHECK(registration.view().has_more_stages);
}

TEST_CASE("progress counts the ended stages of the workflow's four") {
  Registration registration{42};
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 0, .stages_total = 4});
  registration.apply(stage("duplicate_check", StageStatus::started, 10));
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 0, .stages_total = 4});
  registration.apply(stage("duplicate_check", StageStatus::completed, 20));
  registration.apply(stage("t24_lookup", StageStatus::skipped, 30));
  registration.apply(stage("account_validation", StageStatus::failed, 40));
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 3, .stages_total = 4});
  registration.apply(outcome("FAILED", 50));
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 4, .stages_total = 4});
}

TEST_CASE("progress with undeclared stages counts the stages seen") {
  Registration registration{42};
  registration.apply(stage("duplicate_check", StageStatus::completed, 10));
  registration.apply(stage("sanctions_list", StageStatus::started, 20));
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 1, .stages_total = 2});
  registration.apply(outcome("APPROVED", 30));
  CHECK(progress_of(registration.view()) == Progress{.stages_done = 2, .stages_total = 2});
}

TEST_CASE("a gap stays until a snapshot without one arrives") {
  Registration registration = validated("FAILED");
  CHECK(registration.mark_gap(Gap::missed_message) == Applied::changed);
  CHECK(registration.mark_gap(Gap::missed_message) == Applied::unchanged);
  CHECK(registration.view().status == "FAILED");
  registration.apply(stage("duplicate_check", StageStatus::started, 100));
  registration.apply(stage("t24_lookup", StageStatus::started, 90));
  CHECK(registration.view().has_gap);

  RegistrationView snapshot = validated().view();
  snapshot.has_gap = true;
  CHECK(registration.apply_snapshot(snapshot) == Applied::changed);
  CHECK(registration.view().has_gap);
  snapshot.has_gap = false;
  CHECK(registration.apply_snapshot(snapshot) == Applied::changed);
  CHECK_FALSE(registration.view().has_gap);
}

TEST_CASE("after a lost history the view stays and the first update begins a new one") {
  Registration registration = validated();
  CHECK(registration.mark_gap(Gap::lost_history) == Applied::changed);
  CHECK(registration.view().status == "APPROVED");
  CHECK(registration.view().has_gap);

  // Its time means nothing: it is of another history.
  CHECK(registration.apply(stage("t24_lookup", StageStatus::started, 5)) == Applied::changed);
  Registration anew{42};
  anew.apply(stage("t24_lookup", StageStatus::started, 5));
  anew.mark_gap(Gap::missed_message);
  CHECK(registration.view() == anew.view());
  // What was known before does not make it a duplicate either.
  registration.apply(stage("duplicate_check", StageStatus::completed, 20));
  registration.apply(outcome("FAILED", 30));
  CHECK(registration.view().stages.size() == 2);
  CHECK(registration.view().status == "FAILED");
  CHECK(registration.view().has_gap);
}

TEST_CASE("after a lost history the view's ids mean nothing") {
  Update update = stage("t24_lookup", StageStatus::completed, 30);
  update.id = EventId{.epoch = 5, .sequence = 2};
  Registration registration{42};
  registration.apply(update);
  CHECK(registration.mark_gap(Gap::lost_history) == Applied::changed);
  CHECK_FALSE(registration.view().id);
  CHECK(registration.mark_gap(Gap::lost_history) == Applied::unchanged);

  SECTION("an update's may be lower") {
    update.id = EventId{.epoch = 4, .sequence = 1};
    CHECK(registration.apply(update) == Applied::changed);
    CHECK(registration.view().id == update.id);
    CHECK(registration.view().has_gap);
    CHECK(registration.apply(update) == Applied::unchanged);
  }
  SECTION("an update may come without one") {
    CHECK(registration.apply(stage("status_update", StageStatus::started, 10)) == Applied::changed);
    CHECK_FALSE(registration.view().id);
  }
  SECTION("a snapshot's may be lower, and whatever follows is held against that one") {
    RegistrationView snapshot = validated().view();
    snapshot.id = EventId{.epoch = 4, .sequence = 7};
    CHECK(registration.apply_snapshot(snapshot) == Applied::changed);
    CHECK(registration.view() == snapshot);
    update.id = EventId{.epoch = 4, .sequence = 7};
    CHECK(registration.apply(update) == Applied::unchanged);
    CHECK(registration.view() == snapshot);
  }
  SECTION("a snapshot without one has none") {
    CHECK(registration.apply_snapshot(validated().view()) == Applied::changed);
    CHECK(registration.view() == validated().view());
  }
}

TEST_CASE("a history that is lost twice or followed by a missed message is lost once") {
  Registration registration = validated();
  CHECK(registration.mark_gap(Gap::missed_message) == Applied::changed);
  CHECK_FALSE(registration.view().has_lost_history);
  CHECK(registration.mark_gap(Gap::lost_history) == Applied::changed);
  CHECK(registration.view().has_lost_history);
  CHECK(registration.mark_gap(Gap::lost_history) == Applied::unchanged);
  CHECK(registration.mark_gap(Gap::missed_message) == Applied::unchanged);
  registration.apply(stage("duplicate_check", StageStatus::started, 60));
  CHECK(registration.view().stages.size() == 1);
  CHECK(registration.view().details.empty());
  registration.apply(stage("duplicate_check", StageStatus::completed, 70));
  CHECK(registration.view().stages.size() == 1);
}

TEST_CASE("another registration's update or snapshot does not end the wait after a lost history") {
  Registration registration = validated();
  registration.mark_gap(Gap::lost_history);
  Update other = stage("duplicate_check", StageStatus::started, 60);
  other.registration_id = 43;
  CHECK(registration.apply(other) == Applied::other_registration);
  RegistrationView snapshot;
  snapshot.registration_id = 43;
  CHECK(registration.apply_snapshot(snapshot) == Applied::other_registration);
  CHECK(registration.view().status == "APPROVED");
  registration.apply(stage("duplicate_check", StageStatus::started, 60));
  CHECK(registration.view().stages.size() == 1);
}
