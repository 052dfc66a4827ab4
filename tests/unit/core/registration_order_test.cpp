#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <regstream/message/codec.hpp>
#include <regstream/registration/registration.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using regstream::Applied;
using regstream::EventId;
using regstream::Gap;
using regstream::Registration;
using regstream::RegistrationView;
using regstream::StageStatus;
using regstream::Update;

namespace {

using Updates = std::vector<Update>;

/// Updates of registration 42, ten milliseconds apart.
class Workflow {
 public:
  Workflow& stage(std::string_view name, StageStatus status, std::string_view message = "m") {
    Update update = next("PENDING", message);
    update.stage = name;
    update.stage_status = status;
    updates_.push_back(std::move(update));
    return *this;
  }

  Workflow& done(std::string_view name) {
    return stage(name, StageStatus::started, std::string{name}.append(" begins"))
        .stage(name, StageStatus::completed, std::string{name}.append(" is done"));
  }

  Workflow& outcome(std::string_view status, std::string_view details = {},
                    std::string_view process_log = {}) {
    Update update = next(status, "outcome");
    update.details = details;
    update.process_log = process_log;
    updates_.push_back(std::move(update));
    return *this;
  }

  [[nodiscard]] const Updates& updates() const { return updates_; }

 private:
  Update next(std::string_view status, std::string_view message) {
    Update update;
    update.registration_id = 42;
    update.status = status;
    update.message = message;
    update.timestamp_ms = timestamp_ms_ += 10;
    return update;
  }

  Updates updates_;
  std::int64_t timestamp_ms_ = 0;
};

RegistrationView folded(const Updates& updates) {
  Registration registration{42};
  for (const Update& update : updates) {
    registration.apply(update);
  }
  return registration.view();
}

/// Tries every order of the remaining `updates`, after those that `registration` has had. Orders
/// with the same beginning share it. Returns how many orders ended in another view than `expected`.
std::size_t count_different(const Registration& registration, const Updates& updates,
                            std::vector<bool>& had, std::size_t left,
                            const RegistrationView& expected, std::size_t& orders) {
  if (left == 0) {
    ++orders;
    return registration.view() == expected ? 0U : 1U;
  }
  std::size_t different = 0;
  for (std::size_t index = 0; index < updates.size(); ++index) {
    // Only the first of two equal updates may come first: the other order is the same.
    const auto first = std::find(updates.begin(), updates.end(), updates[index]);
    const auto equal = static_cast<std::size_t>(first - updates.begin());
    if (had[index] || (equal != index && !had[equal])) {
      continue;
    }
    Registration next = registration;
    next.apply(updates[index]);
    had[index] = true;
    different += count_different(next, updates, had, left - 1, expected, orders);
    had[index] = false;
  }
  return different;
}

/// Checks that all orders of `updates`, which are listed by time, end in the same view.
void check_every_order(const Updates& updates, std::size_t orders_expected) {
  std::vector<bool> had(updates.size(), false);
  std::size_t orders = 0;
  CHECK(count_different(Registration{42}, updates, had, updates.size(), folded(updates), orders) ==
        0);
  CHECK(orders == orders_expected);
}

/// Enumerates every sequence of choices that a piece of code makes, one run after the other.
class Choices {
 public:
  /// A number from 0 to `count` - 1.
  std::size_t choose(std::size_t count) {
    if (next_ == taken_.size()) {
      taken_.push_back({0, count});
    }
    return taken_[next_++].value;
  }

  /// Prepares the next run; returns false if there is none.
  bool advance() {
    while (!taken_.empty() && taken_.back().value + 1 == taken_.back().count) {
      taken_.pop_back();
    }
    if (taken_.empty()) {
      return false;
    }
    ++taken_.back().value;
    next_ = 0;
    return true;
  }

 private:
  struct Choice {
    std::size_t value;
    std::size_t count;
  };
  std::vector<Choice> taken_;
  std::size_t next_ = 0;
};

}  // namespace

TEST_CASE("updates without ids give the same view in every order on every path of the workflow") {
  for (const auto& [status, details] :
       {std::pair{"APPROVED", R"({"accountsFound":5})"}, std::pair{"COMPLETED", R"({"changed":1})"},
        std::pair{"DUPLICATE", "{}"}, std::pair{"FAILED", "{}"}}) {
    CAPTURE(status);
    Workflow workflow;
    workflow.done("duplicate_check").done("t24_lookup");
    workflow.stage("account_validation", StageStatus::started, "never ends");
    workflow.outcome(status, details, "[1]");
    check_every_order(workflow.updates(), 720);

    const RegistrationView view = folded(workflow.updates());
    CHECK(view.is_final);
    CHECK(view.status == status);
    REQUIRE(view.stages.size() == 3);
    CHECK(view.stages[0].started_timestamp_ms == 10);
    CHECK(view.stages[1].ended_timestamp_ms == 40);
    CHECK(view.stages[2].ended_timestamp_ms == 60);
  }
}

TEST_CASE("the whole workflow gives the same view in every order") {
  Workflow workflow;
  workflow.done("duplicate_check").done("t24_lookup").done("account_validation");
  workflow.stage("status_update", StageStatus::completed).outcome("APPROVED", "{}", "[]");
  check_every_order(workflow.updates(), 40'320);
  CHECK(folded(workflow.updates()).stages.size() == 4);
}

TEST_CASE("duplicates give the same view in every order") {
  Workflow workflow;
  workflow.done("duplicate_check").outcome("FAILED").done("t24_lookup");
  Updates updates = workflow.updates();
  const RegistrationView once = folded(updates);
  updates.insert(updates.end(), workflow.updates().begin(), workflow.updates().begin() + 4);
  CHECK(folded(updates) == once);
  std::vector<bool> had(updates.size(), false);
  std::size_t orders = 0;
  CHECK(count_different(Registration{42}, updates, had, updates.size(), once, orders) == 0);
  CHECK(orders == 22'680);  // 9! / 2^4
}

TEST_CASE("a second validation after FAILED gives the same view in every order") {
  Workflow workflow;
  workflow.done("duplicate_check").stage("t24_lookup", StageStatus::started);
  workflow.outcome("FAILED", R"({"why":1})", "[1]");
  workflow.stage("duplicate_check", StageStatus::started, "again");
  workflow.stage("duplicate_check", StageStatus::completed).outcome("APPROVED");
  check_every_order(workflow.updates(), 5'040);

  const RegistrationView view = folded(workflow.updates());
  CHECK(view.status == "APPROVED");
  CHECK(view.details.empty());
  REQUIRE(view.stages.size() == 1);
  CHECK(view.stages[0].started_timestamp_ms == 50);
}

TEST_CASE(
    "a second validation of a publisher without stage states gives the same view in every order") {
  Workflow workflow;
  workflow.stage("duplicate_check", StageStatus::completed, "Checking for duplicates");
  workflow.stage("t24_lookup", StageStatus::completed, "Found no accounts").outcome("FAILED");
  workflow.stage("duplicate_check", StageStatus::completed, "Checking for duplicates");
  workflow.stage("t24_lookup", StageStatus::completed, "Found 5 accounts").outcome("APPROVED");
  check_every_order(workflow.updates(), 720);
  CHECK(folded(workflow.updates()).stages.front().ended_timestamp_ms == 40);
}

TEST_CASE(
    "COMPLETED after APPROVED and a retry and a late stage give the same view in every order") {
  Workflow workflow;
  workflow.stage("duplicate_check", StageStatus::skipped);
  workflow.stage("t24_lookup", StageStatus::started).stage("t24_lookup", StageStatus::failed);
  workflow.stage("t24_lookup", StageStatus::started, "retried").outcome("APPROVED", "{}", "[1]");
  workflow.stage("t24_lookup", StageStatus::completed, "late");
  workflow.outcome("COMPLETED", R"({"mobileUserId":"u1"})");
  check_every_order(workflow.updates(), 5'040);

  const RegistrationView view = folded(workflow.updates());
  CHECK(view.status == "COMPLETED");
  REQUIRE(view.stages.size() == 2);
  CHECK(view.stages.back().started_timestamp_ms == 40);
  CHECK(view.stages.back().ended_timestamp_ms == 60);
}

TEST_CASE("two whole validations with neighbours exchanged anywhere give the same view") {
  Workflow workflow;
  for (const std::string_view status : {"FAILED", "APPROVED"}) {
    workflow.done("duplicate_check").done("t24_lookup").done("account_validation");
    workflow.done("status_update").outcome(status, "{}", "[]");
  }
  const RegistrationView expected = folded(workflow.updates());
  std::size_t orders = 0;
  std::size_t different = 0;
  Choices choices;
  do {
    Updates updates = workflow.updates();
    for (std::size_t index = 0; index + 1 < updates.size(); ++index) {
      if (choices.choose(2) == 1) {
        std::swap(updates[index], updates[index + 1]);
        ++index;
      }
    }
    ++orders;
    different += folded(updates) == expected ? 0U : 1U;
  } while (choices.advance());
  CHECK(orders == 4'181);
  CHECK(different == 0);
}

TEST_CASE(
    "with equal times a stage's end counts after its start and a final status after the stages") {
  Workflow workflow;
  workflow.done("t24_lookup").outcome("FAILED");
  Updates updates = workflow.updates();
  for (Update& update : updates) {
    update.timestamp_ms = 10;
  }
  check_every_order(updates, 6);
  CHECK(folded(updates).status == "FAILED");
  CHECK(folded(updates).stages.front().message == "t24_lookup is done");
}

TEST_CASE("with equal times two stages stay in the order of their arrival") {
  Update ends;
  ends.registration_id = 42;
  ends.status = "PENDING";
  ends.stage = "a";
  ends.timestamp_ms = 10;
  Update starts = ends;
  starts.stage = "b";
  starts.stage_status = StageStatus::started;
  CHECK(folded({ends, starts}).stage == "b");
  CHECK(folded({starts, ends}).stage == "a");
}

TEST_CASE("updates without a time count in the order of their arrival") {
  Workflow workflow;
  workflow.done("a").outcome("FAILED").done("b");
  Updates updates = workflow.updates();
  for (Update& update : updates) {
    update.timestamp_ms = 0;
  }
  const RegistrationView view = folded(updates);
  CHECK(view.status == "PENDING");
  REQUIRE(view.stages.size() == 1);
  CHECK(view.stages.front().name == "b");

  // An update without a time stays at its place of arrival between updates with one.
  updates = workflow.updates();
  updates[2].timestamp_ms = 0;
  std::swap(updates[3], updates[4]);
  CHECK(folded(updates).stages == folded(workflow.updates()).stages);
}

TEST_CASE("an update that is too late to be reordered may only complete its stage") {
  Workflow workflow;
  workflow.done("a").done("b");
  const Updates& updates = workflow.updates();
  Registration registration{42};
  registration.apply_snapshot(folded({updates[1], updates[2]}));
  CHECK(registration.apply(updates[0]) == Applied::changed);
  CHECK(registration.apply(updates[0]) == Applied::unchanged);
  CHECK(registration.apply(updates[1]) == Applied::unchanged);
  CHECK(registration.view() == folded({updates[0], updates[1], updates[2]}));

  Update late = updates[0];
  late.timestamp_ms = 25;
  CHECK(registration.apply(late) == Applied::unchanged);
  late.stage = "unheard_of";
  CHECK(registration.apply(late) == Applied::unchanged);
  late.stage.clear();
  late.status = "FAILED";
  CHECK(registration.apply(late) == Applied::unchanged);
  late = updates[1];
  late.timestamp_ms = 26;
  late.message = "newer";
  CHECK(registration.apply(late) == Applied::changed);
  CHECK(registration.view().stages.front().message == "newer");
  CHECK(registration.view().stage == "b");
}

TEST_CASE("the updates that are kept for reordering are bounded in number and in bytes") {
  Registration few{42, {.recent_updates_max = 4}};
  Registration none{42, {.recent_updates_max = 0}};
  Registration small{42, {.recent_bytes_max = 4'096}};
  Registration all{42};
  Workflow workflow;
  for (int round = 0; round < 20; ++round) {
    workflow.done("a").stage("b", StageStatus::completed, std::string(500, 'b'));
  }
  std::size_t few_bytes_max = 0;
  for (const Update& update : workflow.updates()) {
    for (Registration* each : {&few, &none, &small, &all}) {
      CHECK(each->apply(update) == Applied::changed);
    }
    few_bytes_max = std::max(few_bytes_max, few.recent_bytes());
    CHECK(none.recent_bytes() == 0);
    CHECK(small.recent_bytes() <= 4'096);
    CHECK(few.view() == all.view());
    CHECK(none.view() == all.view());
    CHECK(small.view() == all.view());
  }
  CHECK(few_bytes_max > 0);
  CHECK(few_bytes_max <= 4 * (sizeof(Update) + 600));
}

TEST_CASE("updates with ids give one view with any replay and a snapshot of any moment between") {
  Workflow workflow;
  workflow.stage("duplicate_check", StageStatus::started).outcome("FAILED", "{}", "[1]");
  workflow.outcome("ARCHIVED").stage("duplicate_check", StageStatus::completed, "late");
  workflow.done("t24_lookup").outcome("APPROVED", R"({"a":1})");
  Updates updates = workflow.updates();
  // A lost history begins another epoch half-way, and the publishers' clocks disagree.
  for (std::size_t index = 0; index < updates.size(); ++index) {
    updates[index].id = EventId{.epoch = index < 3 ? 5U : 6U, .sequence = index % 3};
  }
  updates.back().timestamp_ms = 1;

  std::vector<RegistrationView> moments{RegistrationView{}};
  moments.front().registration_id = 42;
  for (Registration witness{42}; const Update& update : updates) {
    witness.apply(update);
    const auto snapshot = regstream::decode_view(regstream::encode_view(witness.view()));
    moments.push_back(std::get<RegistrationView>(snapshot));
    REQUIRE(moments.back() == witness.view());
  }

  std::size_t runs = 0;
  std::size_t different = 0;
  Choices choices;
  do {
    Registration registration{42};
    std::size_t disturbances_left = 3;
    for (std::size_t delivered = 0; delivered < updates.size();) {
      const std::size_t replays = disturbances_left > 0 ? delivered : 0;
      const std::size_t snapshots = disturbances_left > 0 ? updates.size() : 0;
      const std::size_t choice = choices.choose(1 + replays + snapshots);
      if (choice == 0) {
        registration.apply(updates[delivered++]);
      } else if (choice <= replays) {
        --disturbances_left;
        different += registration.apply(updates[choice - 1]) == Applied::unchanged ? 0U : 1U;
      } else {
        --disturbances_left;
        registration.apply_snapshot(moments[choice - replays]);
      }
      // The view is always the one of the newest moment so far.
      const auto newest = std::find_if(moments.begin(), moments.end(), [&](const auto& moment) {
        return moment.id == registration.view().id;
      });
      different += *newest == registration.view() ? 0U : 1U;
    }
    ++runs;
    different += registration.view() == moments.back() ? 0U : 1U;
  } while (choices.advance());
  CHECK(runs == 88'145);
  CHECK(different == 0);
}

TEST_CASE("an id decides whatever the times say") {
  Workflow workflow;
  workflow.done("a").outcome("APPROVED").outcome("COMPLETED");
  Updates updates = workflow.updates();
  for (std::size_t index = 0; index < updates.size(); ++index) {
    updates[index].id = EventId{.epoch = 1, .sequence = index};
    updates[index].timestamp_ms = 1'000 - static_cast<std::int64_t>(index);
  }
  CHECK(folded(updates).status == "COMPLETED");
  CHECK(folded(updates).timestamp_ms == 1'000);
  CHECK(folded(updates).id == updates.back().id);
}

TEST_CASE("an update that says nothing new moves the id on") {
  Workflow workflow;
  workflow.done("a");
  Update update = workflow.updates().back();
  update.id = EventId{.epoch = 1, .sequence = 1};
  Registration registration{42};
  CHECK(registration.apply(update) == Applied::changed);
  update.id = EventId{.epoch = 1, .sequence = 2};
  CHECK(registration.apply(update) == Applied::unchanged);
  CHECK(registration.view().id == update.id);
}

TEST_CASE("an older snapshot is dropped unless updates may have been missed") {
  Workflow workflow;
  workflow.done("a");
  Updates updates = workflow.updates();
  updates[0].id = EventId{.epoch = 7, .sequence = 1};
  updates[1].id = EventId{.epoch = 7, .sequence = 2};
  const RegistrationView older = folded({updates[0]});
  Registration registration{42};
  registration.apply(updates[0]);
  registration.apply(updates[1]);
  CHECK(registration.apply_snapshot(older) == Applied::unchanged);
  CHECK(registration.view().id == updates[1].id);
  registration.mark_gap(Gap::missed_message);
  CHECK(registration.apply_snapshot(older) == Applied::changed);
  CHECK(registration.view() == older);
  CHECK(registration.apply(updates[1]) == Applied::changed);
}

TEST_CASE("a snapshot without an id keeps the known id") {
  Workflow workflow;
  workflow.done("a");
  Update update = workflow.updates().back();
  update.id = EventId{.epoch = 1, .sequence = 1};
  Registration registration{42};
  registration.apply(update);
  CHECK(registration.apply_snapshot(folded({workflow.updates().front()})) == Applied::changed);
  CHECK(registration.view().id == update.id);
  CHECK(registration.apply(update) == Applied::unchanged);
}
