#include "backend/schema.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string>

namespace regstream::backend {
namespace {

// "Regs" in ASCII: tells our files from any other program's (SQLite, PRAGMA application_id).
constexpr int application_id = 0x52656773;
constexpr int schema_version = 1;

constexpr const char* tables = R"sql(
CREATE TABLE registrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  customer_name TEXT NOT NULL,
  customer_number TEXT NOT NULL,
  phone TEXT NOT NULL,
  branch TEXT NOT NULL,
  national_id TEXT NOT NULL,
  email TEXT,
  status TEXT NOT NULL,
  message TEXT NOT NULL,
  validating INTEGER NOT NULL,
  submitted_timestamp_ms INTEGER NOT NULL,
  updated_timestamp_ms INTEGER NOT NULL,
  details TEXT NOT NULL,
  mobile_user_id TEXT,
  elixir_user_id TEXT
) STRICT;
CREATE INDEX registrations_by_status ON registrations (status);
CREATE TABLE accounts (
  registration_id INTEGER NOT NULL REFERENCES registrations (id),
  position INTEGER NOT NULL,
  number TEXT NOT NULL,
  type TEXT NOT NULL,
  currency TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (registration_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE process_log (
  registration_id INTEGER NOT NULL REFERENCES registrations (id),
  position INTEGER NOT NULL,
  stage TEXT NOT NULL,
  stage_status TEXT NOT NULL,
  message TEXT NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  PRIMARY KEY (registration_id, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE mobile_customers (
  customer_number TEXT NOT NULL PRIMARY KEY,
  customer_name TEXT NOT NULL,
  phone TEXT NOT NULL,
  branch TEXT NOT NULL,
  national_id TEXT NOT NULL,
  email TEXT,
  registration_id INTEGER REFERENCES registrations (id)
) STRICT, WITHOUT ROWID;
)sql";

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& reason) {
  throw std::runtime_error("Can't use the database " + path.string() + ": " + reason);
}

void check_place(const std::filesystem::path& path) {
  if (path.empty()) {
    throw std::runtime_error("No database file is named; name one with --database.");
  }
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    refuse(path, "it is a folder; name a file in it with --database.");
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  if (!std::filesystem::is_directory(folder, error)) {
    refuse(path, "the folder " + folder.string() +
                     " does not exist; make it, or name another file with --database.");
  }
}

int pragma(const SQLite::Database& database, const char* name) {
  SQLite::Statement query{database, std::string{"PRAGMA "} + name};
  return query.executeStep() ? query.getColumn(0).getInt() : 0;
}

bool has_tables(const SQLite::Database& database) {
  SQLite::Statement query{database, "SELECT count(*) FROM sqlite_master"};
  return query.executeStep() && query.getColumn(0).getInt() > 0;
}

void make_tables(SQLite::Database& database) {
  SQLite::Transaction transaction{database};
  database.exec(tables);
  database.exec("PRAGMA application_id = " + std::to_string(application_id));
  database.exec("PRAGMA user_version = " + std::to_string(schema_version));
  transaction.commit();
}

void prepare(SQLite::Database& database, const std::filesystem::path& path) {
  // Two processes that end each other's validations as interrupted would do harm, so one holds the
  // file alone. Taking the lock first also means that nobody else changes what is checked below.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN EXCLUSIVE; COMMIT");

  const int version = pragma(database, "user_version");
  if (pragma(database, "application_id") == application_id) {
    if (version != schema_version) {
      refuse(path, "it was made by another version of this program (format " +
                       std::to_string(version) + ", this one reads " +
                       std::to_string(schema_version) +
                       "); move it away, or name another file with --database.");
    }
  } else if (version != 0 || has_tables(database)) {
    refuse(path,
           "it belongs to another program; move it away, or name another file with --database.");
  } else {
    make_tables(database);
  }
  database.exec("PRAGMA journal_mode = WAL");
  // Each step is on disk before it is published: a reader never hears of what a crash takes back.
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
}

[[noreturn]] void explain(const std::filesystem::path& path, const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      refuse(path,
             "it is not a database, or it is damaged; move it away, or name another file with "
             "--database.");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      refuse(path,
             "another process is using it; stop that one, or name another file with --database.");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      refuse(path,
             "the file or its folder can't be written; change their permissions, or name another "
             "file with --database.");
    default:
      refuse(path, std::string{error.what()} + "; or name another file with --database.");
  }
}

}  // namespace

SQLite::Database open_database(const std::filesystem::path& path, Duration patience) {
  check_place(path);
  try {
    SQLite::Database database{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                              static_cast<int>(patience.count())};
    prepare(database, path);
    return database;
  } catch (const SQLite::Exception& error) {
    explain(path, error);
  }
}

}  // namespace regstream::backend
