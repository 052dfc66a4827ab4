#include "backend/backend.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <future>
#include <memory>
#include <nlohmann/json.hpp>

#include "backend/store.hpp"
#include "recording_broker.hpp"
#include "recording_connection.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;

namespace http = boost::beast::http;

BackendOptions without_pauses(const TemporaryFolder& folder) {
  BackendOptions options;
  options.database = folder / "demo.sqlite";
  options.core_banking.latency = Duration{0};
  options.stage_pace = Duration{0};
  return options;
}

struct Running {
  /// `broker_used` outlives a restart, as Redis does.
  explicit Running(const BackendOptions& options,
                   std::shared_ptr<RecordingBroker> broker_used = nullptr)
      : owned_broker(broker_used ? std::move(broker_used) : std::make_shared<RecordingBroker>()),
        backend(options, broker) {
    backend.add_routes(router, access::open_guard());
  }
  net::Response process(const char* id) {
    return send(router, {http::verb::post, std::string{"/api/registrations/"} + id + "/process"})
        ->take();
  }

  std::shared_ptr<RecordingBroker> owned_broker;
  RecordingBroker& broker = *owned_broker;
  net::Router router;
  Backend backend;
};

TEST_CASE("a validation runs on the backend's thread from the request to the mobile user") {
  const TemporaryFolder folder;
  BackendOptions options = without_pauses(folder);
  options.job_interval = Duration{0};
  Running running{options};
  CHECK(running.process("42").result() == http::status::accepted);
  CHECK(running.broker.wait_for_end(42, "APPROVED").details == R"({"accountsFound":5})");
  CHECK(running.broker.wait_for_end(42, "COMPLETED").message == "User created successfully");
  const net::Response response =
      send(running.router, {http::verb::get, "/api/registrations/42"})->take();
  CHECK(nlohmann::json::parse(response.body()).at("mobileUserId") == "MB-000042");
}

TEST_CASE("a restart keeps what was validated") {
  const TemporaryFolder folder;
  const auto broker = std::make_shared<RecordingBroker>();
  {
    Running running{without_pauses(folder), broker};
    running.process("34");
    running.broker.wait_for_end(34, "COMPLETED");
  }
  const std::size_t published = broker->updates().size();
  Running restarted{without_pauses(folder), broker};
  CHECK(broker->updates().size() == published);
  const net::Response response =
      send(restarted.router, {http::verb::get, "/api/registrations/34"})->take();
  CHECK(nlohmann::json::parse(response.body()).at("status") == "COMPLETED");
}

TEST_CASE("a stop does not wait for validations and the next start ends them") {
  const TemporaryFolder folder;
  BackendOptions options = without_pauses(folder);
  options.stage_pace = Duration{3'600'000};
  const auto broker = std::make_shared<RecordingBroker>();
  {
    Running running{options, broker};
    CHECK(running.process("42").result() == http::status::accepted);
  }
  Running restarted{options, broker};
  broker->wait_for_end(42, "FAILED");
  CHECK(
      describe(broker->updates()) ==
      std::vector<std::string>{"duplicate_check started: Checking for duplicates",
                               "duplicate_check failed: Interrupted by a restart",
                               "FAILED: Validation was interrupted by a restart; validate again"});
  CHECK(restarted.process("42").result() == http::status::accepted);
}

TEST_CASE("a stopping backend takes no more steps and says when all updates are acknowledged") {
  const TemporaryFolder folder;
  BackendOptions options = without_pauses(folder);
  options.stage_pace = Duration{3'600'000};
  Running running{options};
  running.broker.next_answer = RecordingBroker::Answer::none;
  CHECK(running.process("42").result() == http::status::accepted);
  std::promise<void> published;
  running.backend.stop([&published] { published.set_value(); });
  running.broker.answer();
  CHECK(published.get_future().wait_for(std::chrono::minutes{1}) == std::future_status::ready);
  CHECK(running.broker.updates().size() == 1);
}

TEST_CASE("a database that can't be used stops the start with one sentence") {
  const TemporaryFolder folder;
  BackendOptions options = without_pauses(folder);
  std::ofstream{options.database} << "this is no database, though it is long enough to be read";
  CHECK_THROWS_WITH(Running{options}, Catch::Contains(options.database.string()));
}

TEST_CASE("a database that fails later is answered with 500") {
  const TemporaryFolder folder;
  BackendOptions options = without_pauses(folder);
  { const Store store{options.database}; }
  SQLite::Database{options.database, SQLite::OPEN_READWRITE}.exec(
      "CREATE TRIGGER broken BEFORE UPDATE ON registrations "
      "BEGIN SELECT raise(ABORT, 'the disk is full'); END");
  Running running{options};
  const net::Response response = running.process("42");
  CHECK(response.result() == http::status::internal_server_error);
  CHECK(response[http::field::content_type] == "application/problem+json");
  CHECK(running.broker.updates().empty());
}

}  // namespace
}  // namespace regstream::backend
