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

/// The file with the histories of embedded brokers: one for each channel, in one SQLite database.
/// A history whose channel nobody serves any more stays in it as it is. Used on one thread.
class JournalFile {
 public:
  /// Opens or makes the file. `boot_id` differs from one boot of the machine to the next; it is
  /// empty where that is unknown. Throws std::runtime_error with one sentence that names the file
  /// and says what to do: where it can't be written, is in use, damaged, another program's or of
  /// another version.
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
/// An append is in the kernel's hands when it returns, and is not waited for on the disk
/// (synchronous = NORMAL). So the end of the process, SIGKILL too, loses nothing. The end of the
/// machine may lose the last moments; ids that were given out then must not be given out again, so
/// a history that another boot of the machine left without closing it goes on in a new epoch:
/// cursors of the old one are answered with a reset. Messages are kept without their ids, which
/// makes that one change of one row.
///
/// The messages' sequences are contiguous up to the last. Times are milliseconds since the Unix
/// epoch. Used on one thread.
class EmbeddedJournal {
 public:
  struct Key {
    std::string key;
    std::uint64_t sequence = 0;
    std::int64_t timestamp_ms = 0;
  };

  /// What is appended at once: messages from the sequence after the last on, and keys, each new.
  struct Batch {
    std::vector<std::string_view> messages;  ///< JSON texts without ids.
    std::vector<Key> keys;
    std::size_t expired_keys = 0;  ///< So many of the oldest keys are forgotten.
  };

  /// The history of `channel`, whose only journal this is; takes off what is too old. `file` must
  /// outlive it. Throws std::runtime_error with one sentence that names the file and says what to
  /// do: where it can't be written, or is damaged.
  EmbeddedJournal(JournalFile& file, std::string_view channel, const EmbeddedLimits& limits,
                  std::int64_t now_ms);
  EmbeddedJournal(const EmbeddedJournal&) = delete;
  EmbeddedJournal& operator=(const EmbeddedJournal&) = delete;
  /// Marks the history as closed: nothing of it can be lost any more.
  ~EmbeddedJournal();

  /// Of the newest message, or the history's beginning.
  [[nodiscard]] EventId last() const { return last_; }
  /// The position before the oldest message that is kept.
  [[nodiscard]] EventId before_oldest() const {
    return {last_.epoch, last_.sequence - kept_.size()};
  }
  /// Gives the kept messages, oldest first. Throws std::runtime_error.
  void read(const std::function<void(EventId id, std::string_view message)>& handler) const;
  /// The known idempotency keys, oldest first. Throws std::runtime_error.
  [[nodiscard]] std::vector<Key> read_keys() const;

  /// One transaction; trims. Throws std::runtime_error with one sentence: nothing was appended.
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
  /// How many of the oldest exceed the limits once `added` ones are there as well.
  [[nodiscard]] std::size_t excess(const std::vector<Kept>& added, std::int64_t now_ms) const;
  void drop_before(std::uint64_t sequence);

  JournalFile& file_;
  SQLite::Database& database_;
  EmbeddedLimits limits_;
  std::int64_t number_ = 0;  // Of the history, in the file.
  EventId last_;
  std::deque<Kept> kept_;
  std::uint64_t kept_bytes_ = 0;
};

/// The kernel's id of this boot; empty where the kernel gives none.
[[nodiscard]] std::string read_boot_id();

}  // namespace regstream::broker
