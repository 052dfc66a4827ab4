#include "backend/schema.hpp"

namespace regstream::backend {
namespace {

constexpr const char* registrations_schema = R"sql(
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

// Updates of stored changes, until the broker has acknowledged them. A position is never given out
// twice, and a key is as unique as a random UUID.
constexpr const char* outbox_schema = R"sql(
CREATE TABLE outbox (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL DEFAULT (lower(hex(randomblob(16)))),
  message TEXT NOT NULL
) STRICT;
)sql";

}  // namespace

const sqlite::FileKind& database_kind() {
  // "Regs" in ASCII.
  static const sqlite::FileKind kind{.noun = "database",
                                     .option = "--database",
                                     .application_id = 0x52656773,
                                     .versions = {registrations_schema, outbox_schema},
                                     .exposed = "database that others may read"};
  return kind;
}

// One process holds the file alone. Two processes would end each other's validations as
// interrupted.
SQLite::Database open_database(const std::filesystem::path& path, Duration patience) {
  SQLite::Database database = sqlite::open_file(path, database_kind(), patience);
  // Each step is on disk before it is published, so a crash never takes back what readers have
  // seen.
  database.exec("PRAGMA synchronous = FULL");
  database.exec("PRAGMA foreign_keys = ON");
  return database;
}

}  // namespace regstream::backend
