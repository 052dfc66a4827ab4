#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/time.hpp>

#include "log/line_limit.hpp"

/// SQLite files that belong to this program, and to one of its processes at a time.
namespace regstream::sqlite {

/// A kind of file: how to recognize it, and how to create it.
struct FileKind {
  std::string noun;    ///< What people call it: "database".
  std::string option;  ///< The option that names the file: "--database".
  /// Distinguishes our files from other programs' files, and from each other (PRAGMA
  /// application_id).
  int application_id = 0;
  /// SQL that creates each version from the one before; the first from an empty file. This program
  /// writes the last version.
  std::vector<const char*> versions;
  int first_version = 1;  ///< The number of the first version here. Older ones are refused.
  /// The condition of the log line that others may read the file.
  logging::Condition exposed;
};

/// Opens or creates the file, upgrades an older version, locks it against other processes, checks
/// it (PRAGMA quick_check), and turns on write-ahead logging (PRAGMA journal_mode = WAL).
/// `patience` is how long to wait for another process to release it. Throws std::runtime_error with
/// one sentence that names the file and says what to do. A file of another program is left
/// untouched, and so are the files that its program put beside it.
///
/// The file holds customers' data: a new file is private to its owner (mode 0600) from the first
/// moment, and so are SQLite's files beside it (-wal, -journal), which inherit the mode. An
/// existing file keeps its mode; if others may read it, the log says so.
[[nodiscard]] SQLite::Database open_file(const std::filesystem::path& path, const FileKind& kind,
                                         Duration patience);

/// The same sentence for an error of an open file: damaged, full, read-only, in use.
[[nodiscard]] std::runtime_error explain(const std::filesystem::path& path, const FileKind& kind,
                                         const SQLite::Exception& error);

/// The sentence for a file with the wrong contents.
[[nodiscard]] std::runtime_error damaged(const std::filesystem::path& path, const FileKind& kind);

/// The sentence "Can't use the `noun` `path`: `reason`".
[[nodiscard]] std::runtime_error unusable(const std::filesystem::path& path, const FileKind& kind,
                                          const std::string& reason);

}  // namespace regstream::sqlite
