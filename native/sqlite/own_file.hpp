#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/time.hpp>

#include "log/line_limit.hpp"

/// SQLite files that belong to this program, and to one process of it at a time.
namespace regstream::sqlite {

/// What tells one kind of file from others, and makes it.
struct FileKind {
  std::string noun;    ///< What people call it: "database".
  std::string option;  ///< The option that names the file: "--database".
  /// Tells our files from any other program's, and from each other (PRAGMA application_id).
  int application_id = 0;
  /// SQL that makes each version out of the one before; the first out of an empty file. This
  /// program writes the last one.
  std::vector<const char*> versions;
  int first_version = 1;  ///< The number of the first of them; older ones are refused.
  /// Of the log's line that others may read the file.
  logging::Condition exposed;
};

/// Opens or makes the file, brings an older version up to date, locks it against other processes,
/// checks it (PRAGMA quick_check), and writes ahead (PRAGMA journal_mode = WAL). `patience` is how
/// long it waits for another process to let go of it. Throws std::runtime_error with one sentence
/// that names the file and says what to do; a file that is not ours is left as it was, and so is
/// what its own program has put beside it.
///
/// It holds customers' data: a new file is the owner's alone (mode 0600) from its first moment on,
/// and so is what SQLite puts beside it (-wal, -journal), which takes over the file's mode. A file
/// that exists keeps the mode that somebody gave it; where others may read it, the log says so.
[[nodiscard]] SQLite::Database open_file(const std::filesystem::path& path, const FileKind& kind,
                                         Duration patience);

/// The same sentence for an error that the file met, now or later: damaged, full, read-only, in
/// use.
[[nodiscard]] std::runtime_error explain(const std::filesystem::path& path, const FileKind& kind,
                                         const SQLite::Exception& error);

/// The sentence of a file that does not hold what it must.
[[nodiscard]] std::runtime_error damaged(const std::filesystem::path& path, const FileKind& kind);

/// The sentence "Can't use the `noun` `path`: `reason`".
[[nodiscard]] std::runtime_error unusable(const std::filesystem::path& path, const FileKind& kind,
                                          const std::string& reason);

}  // namespace regstream::sqlite
