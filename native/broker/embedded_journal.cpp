#include "broker/embedded_journal.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "log/log.hpp"
#include "sqlite/own_file.hpp"

namespace regstream::broker {
namespace {

// A previous process that is just stopping holds its lock for a moment.
constexpr Duration patience{2'000};

// Messages and keys are arbitrary bytes. Format 1 had one history.
constexpr const char* schema = R"sql(
CREATE TABLE histories (
  number INTEGER PRIMARY KEY,
  channel TEXT NOT NULL UNIQUE,
  epoch INTEGER NOT NULL CHECK (epoch >= 0),
  last_sequence INTEGER NOT NULL CHECK (last_sequence >= 0),
  boot_id TEXT NOT NULL,
  is_closed INTEGER NOT NULL
) STRICT;
CREATE TABLE messages (
  history INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL,
  message BLOB NOT NULL,
  PRIMARY KEY (history, sequence)
) STRICT;
CREATE TABLE keys (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  history INTEGER NOT NULL,
  key BLOB NOT NULL,
  sequence INTEGER NOT NULL,
  timestamp_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX keys_of_history ON keys (history);
)sql";

const sqlite::FileKind& kind() {
  // "RegJ" in ASCII.
  static const sqlite::FileKind journal{.noun = "journal",
                                        .option = "--journal",
                                        .application_id = 0x5265674A,
                                        .versions = {schema},
                                        .first_version = 2,
                                        .exposed = "journal that others may read"};
  return journal;
}

std::int64_t to_column(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::uint64_t from_column(const SQLite::Column& column) {
  return static_cast<std::uint64_t>(column.getInt64());
}

void bind_bytes(SQLite::Statement& statement, int index, std::string_view bytes) {
  statement.bindNoCopy(index, bytes.data(), static_cast<int>(bytes.size()));
}

std::string_view read_bytes(const SQLite::Column& column) {
  return {static_cast<const char*>(column.getBlob()), static_cast<std::size_t>(column.getBytes())};
}

}  // namespace

JournalFile::JournalFile(std::filesystem::path path, std::string boot_id)
    : path_(std::move(path)),
      boot_id_(std::move(boot_id)),
      database_(sqlite::open_file(path_, kind(), patience)) {}

EmbeddedJournal::EmbeddedJournal(JournalFile& file, std::string_view channel,
                                 const EmbeddedLimits& limits, std::int64_t now_ms)
    : file_(file), database_(file.database_), limits_(limits) {
  try {
    find(channel);
    load();
    begin(now_ms);
  } catch (const SQLite::Exception& error) {
    throw sqlite::explain(file_.path_, kind(), error);
  }
}

EmbeddedJournal::~EmbeddedJournal() {
  try {
    set_closed(true);
  } catch (const std::exception& error) {
    logging::warn("journal not closed", "the journal {} could not be closed: {}",
                  file_.path_.string(), error.what());
  }
}

/// Adds a history for a channel that the file does not know. Its epoch is set later.
void EmbeddedJournal::find(std::string_view channel) {
  SQLite::Statement insert{database_,
                           "INSERT OR IGNORE INTO histories VALUES (NULL, ?, 0, 0, '', 1)"};
  insert.bind(1, std::string{channel});
  insert.exec();
  SQLite::Statement query{database_,
                          "SELECT number, epoch, last_sequence FROM histories WHERE channel = ?"};
  query.bind(1, std::string{channel});
  query.executeStep();
  number_ = query.getColumn(0).getInt64();
  last_ = {from_column(query.getColumn(1)), from_column(query.getColumn(2))};
}

void EmbeddedJournal::load() {
  SQLite::Statement messages{database_,
                             "SELECT sequence, timestamp_ms, length(message) FROM messages "
                             "WHERE history = ? ORDER BY sequence"};
  messages.bind(1, number_);
  std::optional<std::uint64_t> first;
  while (messages.executeStep()) {
    const std::uint64_t sequence = from_column(messages.getColumn(0));
    first = first.value_or(sequence);
    if (sequence != *first + kept_.size()) {
      throw sqlite::damaged(file_.path_, kind());
    }
    kept_.push_back({messages.getColumn(1).getInt64(), from_column(messages.getColumn(2))});
    kept_bytes_ += kept_.back().bytes;
  }
  if (first && *first + kept_.size() != last_.sequence + 1) {
    throw sqlite::damaged(file_.path_, kind());
  }
}

void EmbeddedJournal::begin(std::int64_t now_ms) {
  SQLite::Statement query{database_, "SELECT boot_id, is_closed FROM histories WHERE number = ?"};
  query.bind(1, number_);
  query.executeStep();
  const bool is_same_boot =
      !file_.boot_id_.empty() && query.getColumn(0).getString() == file_.boot_id_;
  const bool was_closed = query.getColumn(1).getInt() != 0;
  query.reset();
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ms, 1));
  if (last_.epoch == 0) {  // The history is new.
    last_.epoch = now;
  } else if (!was_closed && !is_same_boot) {
    last_.epoch = std::max(now, last_.epoch + 1);
    logging::warn(
        "journal in a new epoch",
        "the machine stopped while the journal {} was in use, so its latest updates may be lost: "
        "the history continues in the new epoch {}, and clients of the old one get a reset.",
        file_.path_.string(), last_.epoch);
  }
  set_closed(false);
  append({}, now_ms);
}

// Waits for the disk, which covers all earlier appends: a power failure must not undo "open" or
// "closed".
void EmbeddedJournal::set_closed(bool is_closed) {
  database_.exec("PRAGMA synchronous = FULL");
  SQLite::Statement update{
      database_, "UPDATE histories SET epoch = ?, boot_id = ?, is_closed = ? WHERE number = ?"};
  update.bind(1, to_column(last_.epoch));
  update.bind(2, file_.boot_id_);
  update.bind(3, is_closed ? 1 : 0);
  update.bind(4, number_);
  update.exec();
  database_.exec("PRAGMA synchronous = NORMAL");
}

void EmbeddedJournal::read(
    const std::function<void(EventId id, std::string_view message)>& handler) const {
  try {
    SQLite::Statement query{database_,
                            "SELECT sequence, message FROM messages WHERE history = ? "
                            "ORDER BY sequence"};
    query.bind(1, number_);
    while (query.executeStep()) {
      handler({last_.epoch, from_column(query.getColumn(0))}, read_bytes(query.getColumn(1)));
    }
  } catch (const SQLite::Exception& error) {
    throw sqlite::explain(file_.path_, kind(), error);
  }
}

std::vector<EmbeddedJournal::Key> EmbeddedJournal::read_keys() const {
  try {
    std::vector<Key> keys;
    SQLite::Statement query{database_,
                            "SELECT key, sequence, timestamp_ms FROM keys WHERE history = ? "
                            "ORDER BY position"};
    query.bind(1, number_);
    while (query.executeStep()) {
      keys.push_back({.key = std::string{read_bytes(query.getColumn(0))},
                      .sequence = from_column(query.getColumn(1)),
                      .timestamp_ms = query.getColumn(2).getInt64()});
    }
    return keys;
  } catch (const SQLite::Exception& error) {
    throw sqlite::explain(file_.path_, kind(), error);
  }
}

void EmbeddedJournal::append(const Batch& batch, std::int64_t now_ms) {
  std::vector<Kept> added;
  added.reserve(batch.messages.size());
  for (const std::string_view message : batch.messages) {
    added.push_back({now_ms, message.size()});
  }
  const std::size_t dropped = excess(added, now_ms);
  EventId last = last_;
  try {
    SQLite::Transaction transaction{database_};
    SQLite::Statement insert{database_, "INSERT INTO messages VALUES (?, ?, ?, ?)"};
    insert.bind(1, number_);
    for (const std::string_view message : batch.messages) {
      insert.bind(2, to_column(++last.sequence));
      insert.bind(3, now_ms);
      bind_bytes(insert, 4, message);
      insert.exec();
      insert.reset();
    }
    SQLite::Statement insert_key{database_,
                                 "INSERT INTO keys (history, key, sequence, timestamp_ms) "
                                 "VALUES (?, ?, ?, ?)"};
    insert_key.bind(1, number_);
    for (const Key& key : batch.keys) {
      bind_bytes(insert_key, 2, key.key);
      insert_key.bind(3, to_column(key.sequence));
      insert_key.bind(4, key.timestamp_ms);
      insert_key.exec();
      insert_key.reset();
    }
    if (batch.expired_keys > 0) {
      SQLite::Statement forget{database_,
                               "DELETE FROM keys WHERE position IN "
                               "(SELECT position FROM keys WHERE history = ? "
                               "ORDER BY position LIMIT ?)"};
      forget.bind(1, number_);
      forget.bind(2, to_column(batch.expired_keys));
      forget.exec();
    }
    if (dropped > 0) {
      drop_before(before_oldest().sequence + 1 + dropped);
    }
    SQLite::Statement update{database_, "UPDATE histories SET last_sequence = ? WHERE number = ?"};
    update.bind(1, to_column(last.sequence));
    update.bind(2, number_);
    update.exec();
    transaction.commit();
  } catch (const SQLite::Exception& error) {
    throw sqlite::explain(file_.path_, kind(), error);
  }
  last_ = last;
  for (const Kept& kept : added) {
    kept_.push_back(kept);
    kept_bytes_ += kept.bytes;
  }
  for (std::size_t count = 0; count < dropped; ++count) {
    kept_bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
}

std::size_t EmbeddedJournal::excess(const std::vector<Kept>& added, std::int64_t now_ms) const {
  std::uint64_t count = kept_.size() + added.size();
  std::uint64_t bytes = kept_bytes_;
  for (const Kept& kept : added) {
    bytes += kept.bytes;
  }
  std::size_t dropped = 0;
  for (; count > 0; --count, ++dropped) {
    const Kept& oldest = dropped < kept_.size() ? kept_[dropped] : added[dropped - kept_.size()];
    if (count <= limits_.messages_max && bytes <= limits_.bytes_max &&
        now_ms - oldest.timestamp_ms <= limits_.age_max.count()) {
      break;
    }
    bytes -= oldest.bytes;
  }
  return dropped;
}

void EmbeddedJournal::drop_before(std::uint64_t sequence) {
  SQLite::Statement drop{database_, "DELETE FROM messages WHERE history = ? AND sequence < ?"};
  drop.bind(1, number_);
  drop.bind(2, to_column(sequence));
  drop.exec();
}

std::string read_boot_id() {
  std::string id;
  std::ifstream{"/proc/sys/kernel/random/boot_id"} >> id;
  return id;
}

}  // namespace regstream::broker
