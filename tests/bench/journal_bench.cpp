// The embedded broker's journal beside SQLite's floor for the same bytes: plain inserts into a
// table of its own, prepared once, one transaction a turn, in a file with the same settings.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "broker/embedded_journal.hpp"

namespace {

using namespace regstream::broker;

constexpr std::string_view update =
    R"({"registrationId":42,"status":"PENDING","stage":"t24_lookup","stageStatus":"completed",)"
    R"("message":"Found 5 accounts","timestamp":1702493000000})";
constexpr std::int64_t now_ms = 1'702'493'000'000;

// A folder that goes with what is in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "journal_bench.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("can't make a folder");
    }
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::filesystem::path file() const { return path_ / "bench.sqlite3"; }

 private:
  std::filesystem::path path_;
};

EmbeddedJournal::Batch batch_of(std::size_t size) {
  return {.messages = std::vector<std::string_view>(size, update), .keys = {}, .expired_keys = 0};
}

std::size_t turn_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void append(benchmark::State& state, const EmbeddedLimits& limits, std::size_t filled) {
  const Folder folder;
  JournalFile file(folder.file(), read_boot_id());
  EmbeddedJournal journal(file, "bench", limits, now_ms);
  journal.append(batch_of(filled), now_ms);
  const EmbeddedJournal::Batch batch = batch_of(turn_of(state));
  for (auto _ : state) {
    journal.append(batch, now_ms);
  }
}

// Which only grows,
void journal(benchmark::State& state) {
  append(state, {.messages_max = UINT64_MAX, .bytes_max = UINT64_MAX}, 1);
}

// and one that is full: for each message that comes, the oldest goes.
void full_journal(benchmark::State& state) {
  constexpr std::size_t kept = 10'000;
  append(state, {.messages_max = kept}, kept);
}

void plain_inserts(benchmark::State& state) {
  const Folder folder;
  SQLite::Database database(folder.file(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("PRAGMA journal_mode = WAL");
  database.exec("PRAGMA synchronous = NORMAL");
  database.exec("CREATE TABLE messages (sequence INTEGER PRIMARY KEY, message BLOB NOT NULL)");
  SQLite::Statement begin(database, "BEGIN");
  SQLite::Statement insert(database, "INSERT INTO messages VALUES (?, ?)");
  SQLite::Statement commit(database, "COMMIT");
  std::int64_t sequence = 0;
  const std::size_t turn = turn_of(state);
  for (auto _ : state) {
    begin.exec();
    begin.reset();
    for (std::size_t count = 0; count < turn; ++count) {
      insert.bind(1, ++sequence);
      insert.bindNoCopy(2, update.data(), static_cast<int>(update.size()));
      insert.exec();
      insert.reset();
    }
    commit.exec();
    commit.reset();
  }
}

BENCHMARK(journal)->Arg(1)->Arg(16)->Arg(256);
BENCHMARK(full_journal)->Arg(1)->Arg(16)->Arg(256);
BENCHMARK(plain_inserts)->Arg(1)->Arg(16)->Arg(256);

}  // namespace
