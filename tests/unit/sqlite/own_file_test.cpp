#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include <catch2/catch.hpp>

#include "broker/embedded_journal.hpp"
#include "captured_log.hpp"
#include "file_size_limit.hpp"
#include "sqlite/own_file.hpp"
#include "temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using regstream::Duration;
using regstream::EventId;
using regstream::broker::EmbeddedJournal;
using regstream::broker::EmbeddedLimits;
using regstream::broker::JournalFile;
using regstream::sqlite::FileKind;
using regstream::sqlite::open_file;
using regstream::test::CapturedLog;
using regstream::test::FileSizeLimit;
using regstream::test::TemporaryFolder;

constexpr std::int64_t now_ms = 1'702'493'000'000;

const FileKind notebook{.noun = "notebook",
                        .option = "--notebook",
                        .application_id = 7,
                        .versions = {"CREATE TABLE notes (text TEXT NOT NULL) STRICT"},
                        .exposed = "notebook that others may read"};

std::string error_of_opening(const fs::path& path) {
  try {
    static_cast<void>(open_file(path, notebook, Duration{0}));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "none";
}

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

/// The folder's files with their bytes.
std::map<std::string, std::string> contents_of(const fs::path& folder) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::ifstream file{entry.path(), std::ios::binary};
    contents[entry.path().filename().string()] =
        std::string{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
  }
  return contents;
}

/// Leaves in `folder` the files of a process that is killed after `work`: the database, and its
/// write-ahead log or the journal of an unfinished transaction.
void leave_killed(const fs::path& folder, const std::string& name,
                  const std::function<void(SQLite::Database&)>& work) {
  const TemporaryFolder alive;
  SQLite::Database database{alive / name.c_str(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
  work(database);
  for (const char* const suffix : {"", "-wal", "-journal"}) {
    if (fs::exists(alive / (name + suffix).c_str())) {
      fs::copy_file(alive / (name + suffix).c_str(), folder / (name + suffix));
    }
  }
}

/// A process whose files everyone may read.
class OpenHanded {
 public:
  OpenHanded() : before_(::umask(0)) {}
  OpenHanded(const OpenHanded&) = delete;
  OpenHanded& operator=(const OpenHanded&) = delete;
  ~OpenHanded() { ::umask(before_); }

 private:
  mode_t before_;
};

std::string append(EmbeddedJournal& journal, const std::string& message) {
  try {
    journal.append({.messages = {message}, .keys = {}, .expired_keys = 0}, now_ms);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return to_string(journal.last());
}

}  // namespace

TEST_CASE("a new file is its owner's alone with all that SQLite puts beside it") {
  const OpenHanded open_handed;
  const CapturedLog captured;
  const TemporaryFolder folder;
  const fs::path path = folder / "notes.sqlite";
  SQLite::Database database = open_file(path, notebook, Duration{0});
  database.exec("INSERT INTO notes VALUES ('a')");
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder / "")) {
    CAPTURE(entry.path());
    CHECK(mode_of(entry.path()) == 0600);
    ++files;
  }
  CHECK(files == 2);  // The other one is the write-ahead log.
  CHECK(captured.text().empty());
}

TEST_CASE("a file that others may read keeps its mode and the log says how to change it") {
  const OpenHanded open_handed;
  const TemporaryFolder folder;
  const fs::path path = folder / "notes.sqlite";
  std::ofstream{path}.flush();
  const auto mode = GENERATE(0640U, 0604U, 0666U, 0600U);
  ::chmod(path.c_str(), mode);
  const CapturedLog captured;
  static_cast<void>(open_file(path, notebook, Duration{0}));
  CHECK(mode_of(path) == mode);
  if (mode == 0600U) {
    CHECK(captured.text().empty());
  } else {
    CHECK_THAT(captured.text(), Contains("chmod 600 " + path.string()));
  }
}

TEST_CASE("an impossible place for a file is refused in one sentence") {
  const TemporaryFolder folder;
  ::mkfifo((folder / "fifo").c_str(), 0600);
  fs::create_symlink(folder / "nothing", folder / "link");
  const std::string name = folder / (std::string(300, 'x').c_str());
  CHECK(error_of_opening("") == "No notebook file is named; name one with --notebook.");
  CHECK_THAT(error_of_opening(folder / "fifo"), Contains("fifo: it is not a regular file; name"));
  CHECK_THAT(error_of_opening("/dev/full"), Contains("it is not a regular file; name another"));
  CHECK_THAT(error_of_opening(folder / "link"), Contains("link: it is a dangling link"));
  CHECK_FALSE(fs::exists(folder / "nothing"));
  CHECK_THAT(error_of_opening(folder / ""), Contains("it is a folder; name a file in it"));
  CHECK_THAT(error_of_opening(folder / "a" / "b"), Contains("does not exist; create it, or name"));
  CHECK_THAT(error_of_opening(name), Contains("it can't be created (File name too long); name"));
  CHECK_THAT(error_of_opening("/proc/notes.sqlite"), Contains("it can't be created ("));
}

TEST_CASE("a link to a file is followed") {
  const TemporaryFolder folder;
  static_cast<void>(open_file(folder / "notes.sqlite", notebook, Duration{0}));
  fs::create_symlink(folder / "notes.sqlite", folder / "link");
  CHECK(error_of_opening(folder / "link") == "none");
}

TEST_CASE("another program's file is left as it was with what stands beside it") {
  const auto [beside, work] = GENERATE(table<const char*, const char*>({
      {"-wal",
       "PRAGMA journal_mode = WAL; CREATE TABLE books (title); INSERT INTO books VALUES (1)"},
      {"-wal", "PRAGMA application_id = 8; PRAGMA journal_mode = WAL; PRAGMA user_version = 3"},
      {"-wal", "PRAGMA user_version = 1; PRAGMA journal_mode = WAL; CREATE TABLE books (title)"},
      {"", "PRAGMA application_id = 8"},
      {"", "PRAGMA user_version = 1"},
      {"", "CREATE TABLE books (title)"},
      // A transaction whose pages are in the file before it is committed.
      {"-journal",
       "CREATE TABLE books (title); PRAGMA cache_size = 1; BEGIN; INSERT INTO books "
       "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 99) "
       "SELECT zeroblob(4000) FROM n"},
  }));
  CAPTURE(work);
  const TemporaryFolder folder;
  const fs::path path = folder / "books.sqlite";
  leave_killed(folder / "", "books.sqlite",
               [statements = work](SQLite::Database& database) { database.exec(statements); });
  ::chmod(path.c_str(), 0600);
  const auto before = contents_of(folder / "");
  REQUIRE(before.size() == (*beside == '\0' ? 1 : 2));
  REQUIRE((before.size() == 1 || !before.at("books.sqlite" + std::string{beside}).empty()));
  CHECK_THAT(error_of_opening(path), Contains("it belongs to another program; move it away, or"));
  CHECK(contents_of(folder / "") == before);
}

TEST_CASE("what a killed process had written ahead is not lost") {
  const TemporaryFolder folder;
  const fs::path path = folder / "notes.sqlite";
  {
    const TemporaryFolder alive;
    SQLite::Database database = open_file(alive / "notes.sqlite", notebook, Duration{0});
    database.exec("INSERT INTO notes VALUES ('a')");
    for (const char* const name : {"notes.sqlite", "notes.sqlite-wal"}) {
      fs::copy_file(alive / name, folder / name);
    }
  }
  SQLite::Database database = open_file(path, notebook, Duration{0});
  CHECK(database.execAndGet("SELECT text FROM notes").getString() == "a");
}

TEST_CASE("a file without the tables that it must have is damaged") {
  const TemporaryFolder folder;
  const fs::path path = folder / "journal.sqlite3";
  {
    JournalFile file{path, "boot-1"};
    const EmbeddedJournal journal{file, "channel", {}, now_ms};
  }
  SQLite::Database{path, SQLite::OPEN_READWRITE}.exec(
      GENERATE("DROP TABLE messages", "DROP TABLE histories", "DROP TABLE keys"));
  const auto open_journal = [&path] {
    JournalFile file{path, "boot-1"};
    const EmbeddedJournal journal(file, "channel", {}, now_ms);
    static_cast<void>(journal.read_keys());
  };
  CHECK_THROWS_WITH(open_journal(), Contains("Can't use the journal " + path.string() +
                                             ": it is not a database, or it is "
                                             "damaged; move it away"));
}

TEST_CASE("a disk that is full at the start is one sentence") {
  const TemporaryFolder folder;
  const FileSizeLimit full(0);
  CHECK_THAT(error_of_opening(folder / "notes.sqlite"),
             Contains("notes.sqlite: the disk failed, or a quota or a limit of file sizes"));
}

TEST_CASE("a disk that fills up costs the messages that it can't keep and nothing else") {
  const CapturedLog captured;
  const TemporaryFolder folder;
  const fs::path path = folder / "journal.sqlite3";
  std::optional<JournalFile> file{std::in_place, path, "boot-1"};
  std::optional<EmbeddedJournal> journal{std::in_place, *file, "channel", EmbeddedLimits{}, now_ms};
  CHECK(append(*journal, "{}") == "1702493000000-1");
  {
    const FileSizeLimit full(fs::file_size(folder / "journal.sqlite3-wal"));
    for (int attempt = 0; attempt < 3; ++attempt) {
      CHECK_THAT(append(*journal, std::string(10'000, 'x')),
                 Contains("Can't use the journal " + path.string() +
                          ": the disk failed, or a "
                          "quota or a limit of file"));
    }
    CHECK(journal->last() == EventId{1'702'493'000'000, 1});
  }
  CHECK(append(*journal, std::string(10'000, 'x')) == "1702493000000-2");
  journal.reset();
  file.reset();
  JournalFile again{path, "boot-1"};
  CHECK(EmbeddedJournal{again, "channel", {}, now_ms}.last() == EventId{1'702'493'000'000, 2});
}
