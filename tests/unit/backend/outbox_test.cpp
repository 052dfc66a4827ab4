#include "backend/outbox.hpp"

#include <catch2/catch.hpp>

#include "backend/schema.hpp"
#include "pipeline_bench.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;
using Answer = RecordingBroker::Answer;
using Bench = PipelineBench<>;
using Lines = std::vector<std::string>;

const Lines approved = {
    "duplicate_check started: Checking for duplicates",
    "duplicate_check completed: No duplicate found",
    "t24_lookup started: Looking the customer up in core banking",
    "t24_lookup completed: Found 1 account",
    "account_validation started: Validating 1 account",
    "account_validation completed: 1 of 1 account of Hana Tesfaye can be used",
    "status_update started: Updating the status",
    "status_update completed: Status set to APPROVED",
    "APPROVED: Customer validated successfully",
};

struct OutboxBench {
  /// Like a process that starts with what another one left.
  void start(PipelineOptions options = Bench::no_pause()) {
    bench.reset();
    context.emplace();
    banking.emplace(*context);
    bench.emplace(folder / "demo.sqlite", *banking, *context, std::move(options), broker);
  }

  TemporaryFolder folder;
  std::shared_ptr<RecordingBroker> broker = std::make_shared<RecordingBroker>();
  std::optional<boost::asio::io_context> context;
  std::optional<ScriptedCoreBanking> banking;
  std::optional<Bench> bench;
};

TEST_CASE_METHOD(OutboxBench, "what was acknowledged has left the outbox") {
  start();
  CHECK(describe(bench->validate(42)) == approved);
  CHECK(bench->outbox.size() == 0);
  CHECK(bench->store.outbox().empty());
}

TEST_CASE_METHOD(OutboxBench,
                 "updates that the broker never answered are published after a restart") {
  start();
  broker->next_answer = Answer::none;
  CHECK(describe(bench->validate(42)) == Lines{approved.front()});
  CHECK(bench->registration(42).status == Status::approved);
  CHECK(bench->store.outbox().size() == approved.size());

  broker->next_answer = Answer::acknowledged;
  start();
  bench->run();
  // The first one was published twice, with one key.
  CHECK(describe(broker->updates()) == approved);
  CHECK(broker->attempts == static_cast<int>(approved.size()) + 1);
  CHECK(bench->store.outbox().empty());
}

TEST_CASE_METHOD(OutboxBench,
                 "one update is under way at a time, so a late answer keeps the order") {
  start();
  broker->next_answer = Answer::none;
  bench->validate(42);
  bench->validate(41);
  for (std::size_t answered = 1; answered <= 2 * approved.size(); ++answered) {
    CHECK(broker->updates().size() == answered);
    broker->answer();
    bench->run();
  }
  Lines both = approved;
  both.insert(both.end(), approved.begin(), approved.end());
  CHECK(describe(broker->updates()) == both);
  CHECK(bench->store.outbox().empty());
}

TEST_CASE_METHOD(OutboxBench, "an update that failed is published again until it is acknowledged") {
  start();
  broker->next_answer = Answer::failed;
  CHECK(bench->pipeline.start(42) == Pipeline::Start::started);
  while (broker->attempts < 3) {
    bench->context.run_one();
  }
  CHECK(broker->updates().empty());
  broker->next_answer = Answer::acknowledged;
  bench->run();
  CHECK(describe(broker->updates()) == approved);
  CHECK(bench->store.outbox().empty());
}

TEST_CASE_METHOD(OutboxBench, "an interrupted validation's end comes after what was left of it") {
  start(Bench::standing_still());
  broker->next_answer = Answer::none;
  CHECK(bench->pipeline.start(42) == Pipeline::Start::started);
  start();
  bench->pipeline.end_interrupted();
  for (int count = 0; count < 3; ++count) {
    broker->answer();
    bench->run();
  }
  CHECK(describe(broker->updates()) ==
        Lines{approved.front(), "duplicate_check failed: Interrupted by a restart",
              "FAILED: Validation was interrupted by a restart; validate again"});
}

TEST_CASE_METHOD(OutboxBench, "an answer that comes when the outbox has gone is dropped") {
  start();
  broker->next_answer = Answer::none;
  bench->validate(42);
  bench.reset();
  context.reset();
  broker->answer();
  start();
  CHECK(bench->store.outbox().size() == approved.size());
}

TEST_CASE_METHOD(OutboxBench, "no validation starts while too much waits for the broker") {
  PipelineOptions options = Bench::no_pause();
  options.outbox_max = 2;
  start(options);
  broker->next_answer = Answer::none;
  bench->validate(42);
  CHECK(bench->pipeline.start(41) == Pipeline::Start::too_many);
  CHECK(bench->registration(41).process_log.empty());
  while (bench->outbox.size() >= 2) {
    broker->answer();
    bench->run();
  }
  CHECK(bench->pipeline.start(41) == Pipeline::Start::started);
}

TEST_CASE_METHOD(OutboxBench,
                 "who waits for an empty outbox is told when the last is acknowledged") {
  start();
  int told = 0;
  bench->outbox.when_empty([&told] { ++told; });
  CHECK(told == 1);
  broker->next_answer = Answer::none;
  CHECK(bench->pipeline.start(42) == Pipeline::Start::started);
  bench->pipeline.stop();
  bench->outbox.when_empty([&told] { ++told; });
  bench->run();
  CHECK(told == 1);
  broker->answer();
  bench->run();
  CHECK(told == 2);
  CHECK(broker->updates().size() == 1);
}

TEST_CASE_METHOD(OutboxBench,
                 "an update that can't leave the outbox is published once all the same") {
  start();
  bench.reset();
  SQLite::Database{folder / "demo.sqlite", SQLite::OPEN_READWRITE}.exec(
      "CREATE TRIGGER broken BEFORE DELETE ON outbox "
      "BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  start();
  CHECK(describe(bench->validate(42)) == approved);
  start();
  bench->run();
  CHECK(describe(broker->updates()) == approved);
  CHECK(broker->attempts == 2 * static_cast<int>(approved.size()));
}

TEST_CASE("a change and its updates are stored together or not at all") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  const LogEntry entry{"t24_lookup", StageStatus::started, "message", 1};
  CHECK_THROWS_AS(store.append_log(7, entry, {}, {"an update"}), std::runtime_error);
  CHECK(store.outbox().empty());
  const std::int64_t id = store.add({"a", "b", "c", "d", "e", std::nullopt}, 1);
  const auto kept = store.append_log(id, entry, {}, {"first", "second"});
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].message == "first");
  CHECK(kept[0].key.size() == 32);
  CHECK(kept[0].key != kept[1].key);
  CHECK(kept[0].position < kept[1].position);
  store.remove_from_outbox(*kept[0].position);
  const auto left = store.outbox();
  REQUIRE(left.size() == 1);
  CHECK(left[0].key == kept[1].key);
}

TEST_CASE("a database of the version before the outbox is brought up to date") {
  const TemporaryFolder folder;
  const auto path = folder / "demo.sqlite";
  std::int64_t id = 0;
  {
    Store store{path};
    id = store.add({"a", "b", "c", "d", "e", std::nullopt}, 1);
  }
  SQLite::Database{path, SQLite::OPEN_READWRITE}.exec("DROP TABLE outbox; PRAGMA user_version = 1");
  Store store{path};
  CHECK(store.find(id).has_value());
  CHECK(store.append_log(id, {"a", StageStatus::started, "b", 1}, {}, {"an update"}).size() == 1);
}

}  // namespace
}  // namespace regstream::backend
