#include "simulation/guest_workflow.hpp"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include <catch2/catch.hpp>

#include <regstream/message/codec.hpp>
#include <regstream/workflow/registration.hpp>

#include "simulation/client_choices.hpp"
#include "simulation/stream_request.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

using namespace regstream;
using namespace regstream::simulation;

namespace {

std::string published(std::int64_t number, const std::string& status, const std::string& stage) {
  Update update = update_of(guest_workflow(), number);
  update.status = status;
  update.stage = stage;
  return encode_update(update, guest_workflow());
}

}  // namespace

TEST_CASE("The guest's declaration shares nothing with the registration's") {
  const Workflow& guest = guest_workflow();
  const Workflow& registration = registration_workflow();
  CHECK(guest.id_kind != registration.id_kind);
  CHECK(guest.infer_stage_status != registration.infer_stage_status);
  CHECK(guest.stages.size() == 20);
  for (const WorkflowStatus& status : guest.statuses) {
    CHECK_FALSE(registration.is_final(status.name));
  }
  for (const WorkflowStage& stage : guest.stages) {
    CHECK_FALSE(registration.has_stage(stage.name));
  }
  const std::vector<std::string> words{guest.name, guest.id_member, guest.channel,
                                       guest.stream_path, guest.updates_path};
  for (const std::string& word : {registration.name, registration.id_member, registration.channel,
                                  registration.stream_path, registration.updates_path}) {
    CHECK(std::find(words.begin(), words.end(), word) == words.end());
  }
}

TEST_CASE("An instance has its number whatever its id is") {
  for (const Workflow* const workflow : {&registration_workflow(), &guest_workflow()}) {
    for (const std::int64_t number : {1, 2, 12}) {
      CHECK(number_of(*workflow, instance_id(*workflow, number)) == number);
    }
  }
  CHECK(number_of(guest_workflow(), InstanceId{"somebody else's"}) == 0);
  CHECK(number_of(guest_workflow(), InstanceId{42}) == 0);
}

TEST_CASE("A client's request is read strictly") {
  const StreamRequest some = read_stream_request("registrationId=2&registrationId=1&snapshot=2",
                                                 "7-3", registration_workflow());
  CHECK(some.ids == std::vector<std::int64_t>{1, 2});
  CHECK(some.snapshots == std::vector<std::int64_t>{2});
  CHECK(some.cursor == "7-3");
  CHECK_FALSE(some.until_final);
  CHECK(
      read_stream_request("registrationId=1&until=final", "", registration_workflow()).until_final);
  CHECK(read_stream_request("", "", registration_workflow()).ids.empty());
  for (const char* const query :
       {"registrationId=0", "registrationId=01", "registrationId=x", "registrationId", "file=1",
        "snapshot=1", "registrationId=1&until=never", "until=final",
        "registrationId=1&registrationId=2&until=final", "registrationId=%4"}) {
    CAPTURE(query);
    CHECK_THROWS_AS(read_stream_request(query, "", registration_workflow()), Violation);
  }
}

TEST_CASE("The truth knows which update has ended an instance") {
  Truth truth{guest_workflow()};
  truth.begin(7);
  const auto enter = [&truth](std::uint64_t sequence, const std::string& text) {
    truth.append({.epoch = 7, .sequence = sequence}, text, text, false);
  };
  enter(1, published(1, "läuft", "step 1"));
  enter(2, published(1, "imported", ""));
  enter(3, published(2, "broken", ""));
  enter(4, published(1, "läuft", "step 2"));  // Late: it completes.
  const auto final_update = [&truth](std::int64_t number, std::uint64_t sequence) {
    return truth.state(number, {.epoch = 7, .sequence = sequence})->final_update;
  };
  CHECK(final_update(1, 1) == 0);
  CHECK(final_update(1, 2) == 2);
  CHECK(final_update(1, 4) == 2);
  CHECK(final_update(2, 4) == 3);
  CHECK_FALSE(truth.state(3, {.epoch = 7, .sequence = 4}));
}

TEST_CASE("A client always follows something and every id at times by its own draws") {
  std::vector<bool> was_followed(7);
  bool was_followed_alone = false;
  for (std::size_t client = 0; client < 40; ++client) {
    ClientChoices choices{1, client, 6};
    ClientChoices same{1, client, 6};
    CHECK(choices.ids() == same.ids());
    for (int change = 0; choices.changes_ids() && change < 20; ++change) {
      const std::vector<std::int64_t> ids = choices.change_ids();
      REQUIRE_FALSE(ids.empty());
      CHECK(std::is_sorted(ids.begin(), ids.end()));
      CHECK(ids == same.change_ids());
      was_followed_alone |= ids.size() == 1;
      for (const std::int64_t id : ids) {
        was_followed.at(static_cast<std::size_t>(id)) = true;
      }
    }
  }
  CHECK(std::count(was_followed.begin(), was_followed.end(), true) == 6);
  CHECK(was_followed_alone);
}
