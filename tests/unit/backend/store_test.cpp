#include "backend/store.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "backend/sample_data.hpp"
#include "backend/schema.hpp"
#include "temporary_folder.hpp"

namespace regstream::backend {
namespace {

using test::TemporaryFolder;

using Catch::Contains;

const Application application{"Hana Tesfaye", "1000234567",     "+251 900 000 142",
                              "Bole",         "ID-179-4420-42", "hana.tesfaye@example.com"};

LogEntry entry(const char* stage, StageStatus status, std::int64_t timestamp_ms) {
  return {stage, status, "message", timestamp_ms};
}

std::string error_of_opening(const std::filesystem::path& path) {
  try {
    const auto database = open_database(path, Duration{0});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

TEST_CASE("a registration comes back from a reopened database as it was stored") {
  const TemporaryFolder folder;
  Registration stored;
  {
    Store store{folder / "demo.sqlite"};
    const std::int64_t id = store.add(application, 1'000);
    store.begin_validation(id, "Validation started",
                           entry("duplicate_check", StageStatus::started, 2'000));
    store.append_log(
        id, entry("t24_lookup", StageStatus::completed, 3'000),
        std::vector<Account>{{"1", "Savings", "ETB", "Active"}, {"2", "Current", "USD", "Closed"}});
    store.end_validation(id, {Status::approved, "Validated", R"({"accountsFound":2})"},
                         entry("status_update", StageStatus::completed, 4'000), 4'000);
    store.complete(id, {"MB-1", "ELX-1"}, "User created", R"({"mobileUserId":"MB-1"})", 5'000);
    stored = store.find(id).value();
  }
  const Store reopened{folder / "demo.sqlite"};
  CHECK(reopened.find(stored.id) == stored);
  CHECK(stored.application == application);
  CHECK(stored.status == Status::completed);
  CHECK(stored.accounts.size() == 2);
  CHECK(stored.process_log.size() == 3);
  CHECK(stored.mobile_user_id == "MB-1");
  CHECK(stored.submitted_timestamp_ms == 1'000);
  CHECK(stored.updated_timestamp_ms == 5'000);
  CHECK(reopened.find_mobile_customer("1000234567") == MobileCustomer{application, stored.id});
}

TEST_CASE("a text with quotes or SQL or other scripts is stored unchanged") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  Application strange = application;
  strange.customer_name = "'); DROP TABLE registrations; -- ሃና \"O'Neil\"";
  strange.email = std::nullopt;
  const std::int64_t id = store.add(strange, 1);
  CHECK(store.find(id).value().application == strange);
}

TEST_CASE("a new validation drops the findings of the last one") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  const std::int64_t id = store.add(application, 1);
  store.begin_validation(id, "Validation started", entry("a", StageStatus::started, 2));
  store.append_log(id, entry("b", StageStatus::completed, 3),
                   std::vector<Account>{{"1", "Savings", "ETB", "Active"}});
  store.end_validation(id, {Status::failed, "Failed", "{}"}, std::nullopt, 4);
  store.begin_validation(id, "Validation started", entry("c", StageStatus::started, 5));
  const Registration registration = store.find(id).value();
  CHECK(registration.status == Status::pending);
  CHECK(registration.validating);
  CHECK(registration.accounts.empty());
  CHECK(registration.details.empty());
  CHECK(registration.process_log == std::vector{entry("c", StageStatus::started, 5)});
  CHECK(store.interrupted() == std::vector{id});
}

TEST_CASE("the list has the newest first and only the requested status") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  const std::int64_t old = store.add(application, 1);
  const std::int64_t middle = store.add(application, 2);
  const std::int64_t newest = store.add(application, 3);
  store.end_validation(middle, {Status::duplicate, "Exists", ""}, std::nullopt, 4);
  const auto ids = [&](std::optional<Status> status) {
    std::vector<std::int64_t> found;
    for (const Registration& registration : store.list({.status = status}).registrations) {
      found.push_back(registration.id);
    }
    return found;
  };
  CHECK(ids(std::nullopt) == std::vector{newest, middle, old});
  CHECK(ids(Status::pending) == std::vector{newest, old});
  CHECK(ids(Status::duplicate) == std::vector{middle});
  CHECK(ids(Status::approved).empty());
}

TEST_CASE("an incomplete list says so") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  store.add(application, 1);
  const std::int64_t newest = store.add(application, 2);
  CHECK_FALSE(store.list({}, 2).has_more);
  const auto list = store.list({}, 1);
  CHECK(list.has_more);
  REQUIRE(list.registrations.size() == 1);
  CHECK(list.registrations.front().id == newest);
  CHECK_FALSE(store.list({.status = Status::approved}, 1).has_more);
}

TEST_CASE("a list of some ids has no others and does not count them") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  const std::int64_t old = store.add(application, 1);
  const std::int64_t middle = store.add(application, 2);
  store.add(application, 3);
  const auto both = store.list({.status = Status::pending, .ids = std::vector{old, middle}}, 2);
  REQUIRE(both.registrations.size() == 2);
  CHECK(both.registrations.front().id == middle);
  CHECK_FALSE(both.has_more);
  CHECK(store.list({.ids = std::vector{old, middle}}, 1).has_more);
  CHECK(store.list({.ids = std::vector<std::int64_t>{}}).registrations.empty());
  CHECK(store.list({.ids = std::vector<std::int64_t>{999}}).registrations.empty());
}

TEST_CASE("an update of a mobile customer keeps an e-mail address that is not given again") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  store.fill({}, {{application, std::nullopt}});
  Application changed = application;
  changed.phone = "+251 900 000 999";
  changed.email = std::nullopt;
  const std::int64_t id = store.add(changed, 1);
  store.end_validation(id, {Status::completed, "Customer data updated", "", true}, std::nullopt, 2);
  const MobileCustomer kept = store.find_mobile_customer(application.customer_number).value();
  CHECK(kept.application.phone == "+251 900 000 999");
  CHECK(kept.application.email == application.email);
}

TEST_CASE("the sample data are filled in once") {
  const TemporaryFolder folder;
  {
    Store store{folder / "demo.sqlite"};
    store.fill(sample_registrations(1'000'000'000), sample_mobile_customers());
    CHECK(store.add(application, 1) == 50);
  }
  Store store{folder / "demo.sqlite"};
  store.fill(sample_registrations(2'000'000'000), sample_mobile_customers());
  CHECK(store.list({}).registrations.size() == 20);
}

TEST_CASE("a transaction that fails half-way changes nothing") {
  const TemporaryFolder folder;
  Store store{folder / "demo.sqlite"};
  // The log entry of an unknown registration breaks a foreign key after its accounts are written.
  CHECK_THROWS_AS(store.append_log(7, entry("a", StageStatus::started, 1),
                                   std::vector<Account>{{"1", "Savings", "ETB", "Active"}}),
                  std::runtime_error);
  CHECK_FALSE(store.find(7));
  CHECK(store.add(application, 1) == 1);
}

TEST_CASE("a file that is not a database is refused by name") {
  const TemporaryFolder folder;
  const auto path = folder / "notes.txt";
  std::ofstream{path} << std::string(4'096, 'x');
  CHECK_THAT(error_of_opening(path),
             Contains(path.string()) && Contains("not a database") && Contains("--database"));
  CHECK(std::filesystem::file_size(path) == 4'096);
}

TEST_CASE("another program's database is refused and left alone") {
  const TemporaryFolder folder;
  const auto path = folder / "other.sqlite";
  SQLite::Database{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}.exec("CREATE TABLE t (x)");
  CHECK_THAT(error_of_opening(path), Contains("belongs to another program"));
  const SQLite::Database other{path};
  CHECK_FALSE(other.tableExists("registrations"));
}

TEST_CASE("a database of another version is refused with both versions") {
  const TemporaryFolder folder;
  const auto path = folder / "demo.sqlite";
  { const Store store{path}; }
  SQLite::Database{path, SQLite::OPEN_READWRITE}.exec("PRAGMA user_version = 999");
  CHECK_THAT(error_of_opening(path), Contains("format 999") && Contains("reads 2"));
}

TEST_CASE("a database in use is refused") {
  const TemporaryFolder folder;
  const Store store{folder / "demo.sqlite"};
  CHECK_THAT(error_of_opening(folder / "demo.sqlite"), Contains("another process is using it"));
}

TEST_CASE("an impossible place for a database is refused with advice") {
  const TemporaryFolder folder;
  CHECK_THAT(error_of_opening(folder / "missing" / "demo.sqlite"),
             Contains("missing does not exist"));
  CHECK_THAT(error_of_opening(folder / "."), Contains("it is a folder"));
  CHECK_THAT(error_of_opening("/proc/demo.sqlite"), Contains("can't be created"));
  CHECK_THAT(error_of_opening(""), Contains("--database"));
}

}  // namespace
}  // namespace regstream::backend
