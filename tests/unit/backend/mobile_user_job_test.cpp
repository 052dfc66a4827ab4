#include "backend/mobile_user_job.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "pipeline_bench.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;

struct JobBench {
  TemporaryFolder folder;
  boost::asio::io_context context;
  ScriptedCoreBanking banking{context};
  PipelineBench<> bench{folder / "demo.sqlite", banking, context};
  MobileUserJob job{context.get_executor(), bench.store, bench.outbox, Duration{15'000},
                    [this] { return bench.now_timestamp_ms; }};
};

TEST_CASE("a registration becomes COMPLETED an interval after it was APPROVED") {
  JobBench job;
  job.bench.validate(42);
  const std::size_t before = job.bench.broker.updates().size();
  job.bench.now_timestamp_ms += 14'999;
  job.job.look();
  CHECK(job.bench.broker.updates().size() == before);
  job.bench.now_timestamp_ms += 1;
  job.job.look();
  const Update update = job.bench.broker.updates().back();
  CHECK(describe(update) == "COMPLETED: User created successfully");
  CHECK(nlohmann::json::parse(update.details) ==
        nlohmann::json::parse(R"({"mobileUserId":"MB-000042","elixirUserId":"ELX-000042"})"));
  CHECK(nlohmann::json::parse(update.process_log).size() == 8);
  const Registration registration = job.bench.registration(42);
  CHECK(registration.status == Status::completed);
  CHECK(registration.mobile_user_id == "MB-000042");
  CHECK(registration.elixir_user_id == "ELX-000042");
  CHECK(registration.accounts.size() == 1);
}

TEST_CASE("the job changes only APPROVED registrations and does its work once") {
  JobBench job;
  job.bench.validate(42);
  job.bench.validate(34);
  job.bench.now_timestamp_ms += 20'000;
  job.job.look();
  const std::size_t after = job.bench.broker.updates().size();
  job.bench.now_timestamp_ms += 20'000;
  job.job.look();
  CHECK(job.bench.broker.updates().size() == after);
  CHECK(job.bench.registration(42).status == Status::completed);
  CHECK(job.bench.registration(41).status == Status::pending);
}

TEST_CASE("another registration of a customer whose user the job created is a duplicate") {
  JobBench job;
  job.bench.validate(42);
  job.bench.now_timestamp_ms += 20'000;
  job.job.look();
  const Application application = job.bench.registration(42).application;
  const std::int64_t again = job.bench.store.add(application, job.bench.now_timestamp_ms);
  CHECK(job.bench.validate(again).back().status == "DUPLICATE");
}

TEST_CASE("a registration that is validated again keeps its mobile user") {
  JobBench job;
  job.bench.validate(42);
  job.bench.now_timestamp_ms += 20'000;
  job.job.look();
  CHECK(job.bench.validate(42).back().status == "APPROVED");
  job.bench.now_timestamp_ms += 20'000;
  job.job.look();
  CHECK(job.bench.registration(42).status == Status::completed);
  CHECK(job.bench.registration(42).mobile_user_id == "MB-000042");
}

}  // namespace
}  // namespace regstream::backend
