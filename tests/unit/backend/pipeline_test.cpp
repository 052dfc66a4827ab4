#include "backend/pipeline.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "backend/json.hpp"
#include "backend/sample_core_banking.hpp"
#include "pipeline_bench.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;

using Bench = PipelineBench<>;
using Lines = std::vector<std::string>;

struct Scripted {
  TemporaryFolder folder;
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  Bench bench{folder / "demo.sqlite", banking, context};
};

/// The whole sample: its core banking system and its customers.
struct Sample {
  TemporaryFolder folder;
  boost::asio::io_context context;
  SampleCoreBanking banking{context.get_executor(), {.latency = Duration{0}}};
  PipelineBench<SampleCoreBanking> bench{folder / "demo.sqlite", banking, context};
};

nlohmann::json as_json(const std::string& text) {
  return nlohmann::json::parse(text);
}

void break_database(const std::filesystem::path& path, const char* trigger) {
  { const Store store{path}; }
  SQLite::Database{path, SQLite::OPEN_READWRITE}.exec(trigger);
}

TEST_CASE("customer 42 is approved with five accounts stage after stage") {
  Sample sample;
  const std::vector<Update> updates = sample.bench.validate(42);
  CHECK(describe(updates) ==
        Lines{"duplicate_check started: Checking for duplicates",
              "duplicate_check completed: No duplicate found",
              "t24_lookup started: Looking the customer up in core banking",
              "t24_lookup completed: Found 5 accounts",
              "account_validation started: Validating 5 accounts",
              "account_validation completed: 4 of 5 accounts of Hana Tesfaye can be used",
              "status_update started: Updating the status",
              "status_update completed: Status set to APPROVED",
              "APPROVED: Customer validated successfully"});
  CHECK(as_json(updates.back().details) == as_json(R"({"accountsFound":5})"));
  for (const Update& update : updates) {
    CHECK(update.registration_id == 42);
    CHECK(update.status == (&update == &updates.back() ? "APPROVED" : "PENDING"));
  }
  const Registration registration = sample.bench.registration(42);
  CHECK(registration.status == Status::approved);
  CHECK_FALSE(registration.validating);
  CHECK(registration.accounts.size() == 5);
  CHECK(registration.process_log.size() == 8);
  CHECK(as_json(updates.back().process_log) == as_json(process_log_json(registration.process_log)));
}

TEST_CASE("a known customer with changed data is updated and is a duplicate from then on") {
  Sample sample;
  const std::vector<Update> updates = sample.bench.validate(34);
  CHECK(describe(updates) ==
        Lines{"duplicate_check started: Checking for duplicates",
              "duplicate_check completed: Customer already exists; changed: phone and branch",
              "t24_lookup skipped: Not needed for a known customer",
              "account_validation skipped: Not needed for a known customer",
              "status_update started: Updating the customer's data and the status",
              "status_update completed: Status set to COMPLETED",
              "COMPLETED: Customer data updated"});
  CHECK(as_json(updates.back().details).at("updatedFields") == as_json(R"(["phone","branch"])"));
  const Application sent = sample.bench.registration(34).application;
  CHECK(sample.bench.store.find_mobile_customer(sent.customer_number).value().application == sent);
  CHECK(describe(sample.bench.validate(34)).back() ==
        "DUPLICATE: Customer already exists, nothing has changed");
}

TEST_CASE("every PENDING sample customer reaches an end and each end has at least two customers") {
  Sample sample;
  std::map<std::string, int> ends;
  for (const Registration& registration :
       sample.bench.store.list({.status = Status::pending}).registrations) {
    ++ends[describe(sample.bench.validate(registration.id)).back()];
  }
  CHECK(ends == std::map<std::string, int>{
                    {"APPROVED: Customer validated successfully", 6},
                    {"COMPLETED: Customer data updated", 3},
                    {"DUPLICATE: Customer already exists, nothing has changed", 2},
                    {"FAILED: Core banking look-up failed: Core banking does not accept "
                     "connections; try again later",
                     1},
                    {"FAILED: Core banking look-up failed: Core banking refused the request; have "
                     "the customer's record checked in T24",
                     1},
                    {"FAILED: No accounts were found", 2},
                    {"FAILED: No active accounts were found", 1}});
}

TEST_CASE("customers with an earlier validation end the same way when they are validated again") {
  Sample sample;
  CHECK(sample.bench.validate(31).back().status == "APPROVED");
  CHECK(sample.bench.validate(32).back().status == "DUPLICATE");
  CHECK(sample.bench.validate(33).back().status == "FAILED");
}

TEST_CASE("a step is stored before it is published") {
  Scripted scripted;
  scripted.bench.broker.on_publish = [&](const Update& update) {
    const Registration registration = scripted.bench.registration(42);
    CHECK(registration.process_log.back().message ==
          (update.stage.empty() ? "Status set to APPROVED" : update.message));
    if (update.stage.empty()) {
      CHECK(to_string(registration.status) == update.status);
    }
  };
  CHECK(scripted.bench.validate(42).size() == 9);
}

TEST_CASE("the operator reads core banking's error") {
  Scripted scripted;
  scripted.banking.result =
      CoreBankingError{CoreBankingError::Kind::rejected, "The customer is blocked in T24"};
  const std::vector<Update> updates = scripted.bench.validate(42);
  CHECK(describe(updates) ==
        Lines{"duplicate_check started: Checking for duplicates",
              "duplicate_check completed: No duplicate found",
              "t24_lookup started: Looking the customer up in core banking",
              "t24_lookup failed: The customer is blocked in T24",
              "account_validation skipped: No accounts to validate",
              "status_update started: Updating the status",
              "status_update completed: Status set to FAILED",
              "FAILED: Core banking look-up failed: The customer is blocked in T24"});
}

TEST_CASE("a validation can be started again after it has FAILED") {
  Scripted scripted;
  scripted.banking.result = CoreBankingError{CoreBankingError::Kind::unavailable, "T24 is down"};
  CHECK(scripted.bench.validate(42).back().status == "FAILED");
  scripted.banking.result = CoreCustomer{"Hana", {{"1", "Savings", "ETB", "Active"}}};
  CHECK(scripted.bench.validate(42).back().status == "APPROVED");
  CHECK(scripted.bench.registration(42).process_log.size() == 8);
}

TEST_CASE(
    "a core banking system that never answers leads to FAILED and a late answer changes nothing") {
  TemporaryFolder folder;
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  banking.is_silent = true;
  PipelineOptions options = Bench::no_pause();
  options.lookup_timeout = Duration{1};
  Bench bench{folder / "demo.sqlite", banking, context, options};
  const std::vector<Update> updates = bench.validate(42);
  CHECK(describe(updates).back() ==
        "FAILED: Core banking look-up failed: Core banking did not answer in time; try again "
        "later");
  CHECK(as_json(updates.back().details).at("error") == "timed_out");
  CHECK(banking.cancelled == 1);
  banking.last_handler(banking.result);
  bench.run();
  CHECK(bench.broker.updates().size() == updates.size());
  CHECK(bench.registration(42).status == Status::failed);
}

TEST_CASE("one validation of a registration runs at a time and several registrations run at once") {
  TemporaryFolder folder;
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  PipelineOptions options = Bench::no_pause();
  options.validations_max = 2;
  Bench bench{folder / "demo.sqlite", banking, context, options};
  CHECK(bench.pipeline.start(42) == Pipeline::Start::started);
  CHECK(bench.pipeline.start(42) == Pipeline::Start::already_running);
  CHECK(bench.pipeline.start(41) == Pipeline::Start::started);
  CHECK(bench.pipeline.start(46) == Pipeline::Start::too_many);
  CHECK(bench.pipeline.start(4711) == Pipeline::Start::unknown_registration);
  CHECK(bench.registration(42).validating);
  bench.run();
  CHECK(bench.registration(42).status == Status::approved);
  CHECK(bench.registration(41).status == Status::approved);
  CHECK(bench.registration(46).process_log.empty());
  CHECK(bench.pipeline.start(42) == Pipeline::Start::started);
}

TEST_CASE("after a stop no validation starts") {
  Scripted scripted;
  scripted.bench.pipeline.stop();
  CHECK(scripted.bench.pipeline.start(42) == Pipeline::Start::stopped);
}

TEST_CASE("a validation that a stop interrupted is FAILED at the next start") {
  TemporaryFolder folder;
  {
    boost::asio::io_context context;
    ScriptedCoreBanking banking{context};
    Bench bench{folder / "demo.sqlite", banking, context, Bench::standing_still()};
    CHECK(bench.pipeline.start(42) == Pipeline::Start::started);
    context.poll();  // The acknowledgement arrives, and the validation does not go on.
    CHECK(bench.broker.updates().size() == 1);
  }
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  Bench bench{folder / "demo.sqlite", banking, context};
  CHECK(bench.registration(42).validating);
  bench.pipeline.end_interrupted();
  bench.run();
  const std::vector<Update> updates = bench.broker.updates();
  CHECK(describe(updates) ==
        Lines{"duplicate_check failed: Interrupted by a restart",
              "FAILED: Validation was interrupted by a restart; validate again"});
  CHECK(as_json(updates.back().process_log).size() == 2);
  CHECK_FALSE(bench.registration(42).validating);
  CHECK(bench.registration(42).status == Status::failed);
  bench.pipeline.end_interrupted();
  bench.run();
  CHECK(bench.broker.updates().size() == 2);
  CHECK(bench.validate(42).back().status == "APPROVED");
}

TEST_CASE("a step that can't be stored ends the validation and is not published") {
  TemporaryFolder folder;
  break_database(folder / "demo.sqlite",
                 "CREATE TRIGGER broken BEFORE INSERT ON process_log "
                 "WHEN new.stage = 'account_validation' AND new.registration_id = 42 "
                 "BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  Bench bench{folder / "demo.sqlite", banking, context};
  const std::vector<Update> updates = bench.validate(42);
  CHECK(updates.size() == 5);
  CHECK(describe(updates).back() ==
        "FAILED: Validation stopped by an error in the backend; validate again");
  CHECK(bench.registration(42).status == Status::failed);
  CHECK_FALSE(bench.registration(42).validating);
  CHECK(bench.validate(41).back().status == "APPROVED");
}

TEST_CASE("an end that can't be stored is published and found again at the next start") {
  TemporaryFolder folder;
  break_database(folder / "demo.sqlite",
                 "CREATE TRIGGER broken BEFORE UPDATE ON registrations WHEN new.validating = 0 "
                 "BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  Bench bench{folder / "demo.sqlite", banking, context};
  CHECK(bench.validate(42).back().status == "FAILED");
  CHECK(bench.store.interrupted() == std::vector<std::int64_t>{42});
  CHECK(bench.validate(42).back().status == "FAILED");
}

TEST_CASE("a fault of the sample core banking system hits the configured share of look-ups") {
  const auto [rate, failed_min, failed_max] =
      GENERATE(std::tuple{0.0, 0, 0}, std::tuple{0.5, 10, 90}, std::tuple{1.0, 100, 100});
  boost::asio::io_context context;
  SampleCoreBanking banking{
      context.get_executor(),
      {.latency = Duration{0}, .fault = CoreBankingFault::rejected, .fault_rate = rate}};
  int failed = 0;
  std::vector<std::unique_ptr<CoreBanking::LookUp>> look_ups(100);
  for (auto& look_up : look_ups) {
    look_up = banking.look_up("1000234567", [&](const CoreBankingResult& result) {
      failed += std::holds_alternative<CoreBankingError>(result) ? 1 : 0;
    });
  }
  context.run();
  CHECK(failed >= failed_min);
  CHECK(failed <= failed_max);
}

TEST_CASE("a number outside the sample data has as many accounts as its last digit says") {
  const auto [number, accounts] =
      GENERATE(std::tuple{"770", 0}, std::tuple{"773", 3}, std::tuple{"x", -1});
  boost::asio::io_context context;
  SampleCoreBanking banking{context.get_executor(), {.latency = Duration{0}}};
  int found = -1;
  const auto look_up = banking.look_up(number, [&](const CoreBankingResult& result) {
    if (const auto* customer = std::get_if<CoreCustomer>(&result)) {
      found = static_cast<int>(customer->accounts.size());
    }
  });
  context.run();
  CHECK(found == accounts);
}

TEST_CASE("a look-up that is destroyed does not answer") {
  boost::asio::io_context context;
  SampleCoreBanking banking{context.get_executor(), {.latency = Duration{0}}};
  bool is_answered = false;
  banking.look_up("1000234567", [&](const CoreBankingResult&) { is_answered = true; }).reset();
  context.run();
  CHECK_FALSE(is_answered);
}

}  // namespace
}  // namespace regstream::backend
