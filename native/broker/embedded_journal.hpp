#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/message/event_id.hpp>

#include "broker/embedded_limits.hpp"

namespace regstream::broker {

/// The file with the histories of embedded brokers, one for each channel, in one SQLite database.
/// The history of a channel that is no longer served stays as it is. Use it on one thread.
class JournalFile {
 public:
  /// Opens or creates the file. `boot_id` differs from one boot of the machine to the next. Empty:
  /// not known. Throws std::runtime_error with one sentence that names the file and says what to
  /// do, if the file can't be written, is in use, is damaged, or belongs to another program or
  /// version.
  explicit JournalFile(std::filesystem::path path, std::string boot_id);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  friend class EmbeddedJournal;

  std::filesystem::path path_;
  std::string boot_id_;
  SQLite::Database database_;
};

/// An embedded broker's history on disk, so that cursors survive a restart.
///
/// When an append returns, the kernel has the data, but the disk may not (synchronous = NORMAL). So
/// the end of the process, even SIGKILL, loses nothing. A crash of the machine may lose the last
/// moments. The ids of lost messages must not be used again. So if another boot of the machine left
/// the history without closing it, it continues in a new epoch, and streams with a cursor of the
/// old epoch get a reset. Messages are stored without their ids, so this changes only one row.
///
/// The sequences of the messages are contiguous up to the last. Times are in milliseconds since the
/// Unix epoch. Use it on one thread.
class EmbeddedJournal {
 public:
  struct Key {
    std::string key;
    std::uint64_t sequence = 0;
    std::int64_t timestamp_ms = 0;
  };

  /// What one transaction appends: messages from the next sequence on, and new keys.
  struct Batch {
    std::vector<std::string_view> messages;  ///< JSON texts without ids.
    std::vector<Key> keys;
    std::size_t expired_keys = 0;  ///< How many of the oldest keys to forget.
  };

  /// Opens the history of `channel`, which must have no other journal, and removes messages that
  /// are too old. `file` must outlive it. Throws std::runtime_error with one sentence that names
  /// the file and says what to do, if it can't be written or is damaged.
  EmbeddedJournal(JournalFile& file, std::string_view channel, const EmbeddedLimits& limits,
                  std::int64_t now_ms);
  EmbeddedJournal(const EmbeddedJournal&) = delete;
  EmbeddedJournal& operator=(const EmbeddedJournal&) = delete;
  /// Marks the history as closed: nothing of it can be lost any more.
  ~EmbeddedJournal();

  /// The id of the newest message, or the beginning of the history.
  [[nodiscard]] EventId last() const { return last_; }
  /// The position before the oldest message that is kept.
  [[nodiscard]] EventId before_oldest() const {
    return {last_.epoch, last_.sequence - kept_.size()};
  }
  /// Calls `handler` for each kept message, oldest first. Throws std::runtime_error.
  void read(const std::function<void(EventId id, std::string_view message)>& handler) const;
  /// The known idempotency keys, oldest first. Throws std::runtime_error.
  [[nodiscard]] std::vector<Key> read_keys() const;

  /// Appends and trims in one transaction. Throws std::runtime_error with one sentence: then
  /// nothing was appended.
  void append(const Batch& batch, std::int64_t now_ms);

 private:
  struct Kept {
    std::int64_t timestamp_ms;
    std::uint64_t bytes;
  };

  void find(std::string_view channel);
  void load();
  void begin(std::int64_t now_ms);
  void set_closed(bool is_closed);
  /// How many of the oldest messages exceed the limits once `added` are there too.
  [[nodiscard]] std::size_t excess(const std::vector<Kept>& added, std::int64_t now_ms) const;
  void drop_before(std::uint64_t sequence);

  JournalFile& file_;
  SQLite::Database& database_;
  EmbeddedLimits limits_;
  std::int64_t number_ = 0;  // The history's number in the file.
  EventId last_;
  std::deque<Kept> kept_;
  std::uint64_t kept_bytes_ = 0;
};

/// The kernel's id of this boot. Empty: the kernel gives none.
[[nodiscard]] std::string read_boot_id();

}  // namespace regstream::broker
