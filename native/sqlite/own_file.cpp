#include "sqlite/own_file.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>
#include <system_error>

#include "log/log.hpp"

namespace regstream::sqlite {
namespace {

std::string or_another(const FileKind& kind) {
  return "name another file with " + kind.option + ".";
}

void check_place(const std::filesystem::path& path, const FileKind& kind) {
  if (path.empty()) {
    throw std::runtime_error("No " + kind.noun + " file is named; name one with " + kind.option +
                             ".");
  }
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw unusable(path, kind, "it is a folder; name a file in it with " + kind.option + ".");
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  if (!std::filesystem::is_directory(folder, error)) {
    throw unusable(
        path, kind,
        "the folder " + folder.string() + " does not exist; create it, or " + or_another(kind));
  }
}

// SQLite would create the file with the process's umask. An existing file is not opened here:
// closing it would drop the locks that SQLite holds on it in this process (POSIX, fcntl).
void make_for_owner(const std::filesystem::path& path, const FileKind& kind) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const int error = errno;
  if (file >= 0) {
    ::close(file);
  } else if (error == ENOSPC || error == EDQUOT) {
    throw unusable(path, kind, "the disk is full; free some space, or " + or_another(kind));
  } else if (error != EEXIST) {
    const bool is_denied = error == EACCES || error == EPERM || error == EROFS;
    throw unusable(path, kind,
                   "it can't be created (" + std::generic_category().message(error) + "); " +
                       (is_denied ? "change the folder's permissions, or " : "") +
                       or_another(kind));
  }
}

void check_file(const std::filesystem::path& path, const FileKind& kind) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw unusable(path, kind, "it is a dangling link; remove it, or " + or_another(kind));
  }
  if (!S_ISREG(status.st_mode)) {
    throw unusable(path, kind, "it is not a regular file; " + or_another(kind));
  }
  if ((status.st_mode & (S_IRGRP | S_IROTH | S_IWGRP | S_IWOTH)) != 0) {
    logging::warn(kind.exposed,
                  "users other than its owner may read the {} {}, which holds customers' data; if "
                  "they should not: chmod 600 {}",
                  kind.noun, path.string(), path.string());
  }
}

std::runtime_error foreign(const std::filesystem::path& path, const FileKind& kind) {
  return unusable(path, kind,
                  "it belongs to another program; move it away, or " + or_another(kind));
}

/// Whether another program made the file, judged by its first bytes: SQLite's "Database File
/// Format", 1.3, and 1.6 for the root of the schema's table.
bool is_foreign(const SQLite::Database& database, const FileKind& kind) {
  constexpr std::string_view magic{"SQLite format 3\0", 16};
  constexpr unsigned char writes_ahead = 2;
  constexpr unsigned char leaf = 13;
  std::array<unsigned char, 105> header{};
  sqlite3_file* file = nullptr;
  // Through SQLite's own descriptor, so that closing it drops no lock. It reads without taking a
  // lock.
  if (sqlite3_file_control(database.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
          SQLITE_OK ||
      file->pMethods == nullptr ||
      file->pMethods->xRead(file, header.data(), header.size(), 0) != SQLITE_OK ||
      !std::equal(magic.begin(), magic.end(), header.begin())) {
    return false;  // A new file, or no database at all.
  }
  const auto number = [&header](std::size_t at) {
    return header[at] << 24U | header[at + 1] << 16U | header[at + 2] << 8U | header[at + 3];
  };
  const int user_version = number(60);
  const int application_id = number(68);
  const bool has_tables = header[100] != leaf || header[103] != 0 || header[104] != 0;
  // Our files get their application_id before write-ahead logging begins: see `upgrade`.
  return application_id != kind.application_id &&
         (application_id != 0 || user_version != 0 || has_tables || header[18] == writes_ahead);
}

int pragma(const SQLite::Database& database, const char* name) {
  SQLite::Statement query{database, std::string{"PRAGMA "} + name};
  return query.executeStep() ? query.getColumn(0).getInt() : 0;
}

bool has_tables(const SQLite::Database& database) {
  SQLite::Statement query{database, "SELECT count(*) FROM sqlite_master"};
  return query.executeStep() && query.getColumn(0).getInt() > 0;
}

int newest_version(const FileKind& kind) {
  return kind.first_version - 1 + static_cast<int>(kind.versions.size());
}

/// `version` is the file's. 0: it is empty.
void upgrade(SQLite::Database& database, const FileKind& kind, int version) {
  SQLite::Transaction transaction{database};
  const int done = std::max(version - kind.first_version + 1, 0);
  for (auto step = static_cast<std::size_t>(done); step < kind.versions.size(); ++step) {
    database.exec(kind.versions[step]);
  }
  database.exec("PRAGMA application_id = " + std::to_string(kind.application_id));
  database.exec("PRAGMA user_version = " + std::to_string(newest_version(kind)));
  transaction.commit();
}

void prepare(SQLite::Database& database, const std::filesystem::path& path, const FileKind& kind) {
  // On another program's file, the statements below would roll back its journal, or checkpoint its
  // write-ahead log on closing.
  if (is_foreign(database, kind)) {
    throw foreign(path, kind);
  }
  // The lock comes first, so that nobody changes what is checked below.
  database.exec("PRAGMA locking_mode = EXCLUSIVE");
  database.exec("BEGIN EXCLUSIVE; COMMIT");

  const int newest = newest_version(kind);
  const int version = pragma(database, "user_version");
  const bool is_ours = pragma(database, "application_id") == kind.application_id;
  if (!is_ours && (version != 0 || has_tables(database))) {
    throw foreign(path, kind);
  }
  if (is_ours && (version < kind.first_version || version > newest)) {
    throw unusable(path, kind,
                   "it was made by another version of this program (format " +
                       std::to_string(version) + ", this one reads " + std::to_string(newest) +
                       "); move it away, or " + or_another(kind));
  }
  if (database.execAndGet("PRAGMA quick_check(1)").getString() != "ok") {
    throw damaged(path, kind);
  }
  if (version < newest) {
    upgrade(database, kind, version);
  }
  database.exec("PRAGMA journal_mode = WAL");
}

}  // namespace

SQLite::Database open_file(const std::filesystem::path& path, const FileKind& kind,
                           Duration patience) {
  check_place(path, kind);
  make_for_owner(path, kind);
  check_file(path, kind);
  try {
    SQLite::Database database{path, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                              static_cast<int>(patience.count())};
    prepare(database, path, kind);
    return database;
  } catch (const SQLite::Exception& error) {
    throw explain(path, kind, error);
  }
}

std::runtime_error explain(const std::filesystem::path& path, const FileKind& kind,
                           const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // The tables are not those of this program.
    case SQLITE_MISMATCH:
      return damaged(path, kind);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return unusable(path, kind,
                      "another process is using it; stop that one, or " + or_another(kind));
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return unusable(path, kind,
                      "the file or its folder can't be written; change their permissions, or " +
                          or_another(kind));
    case SQLITE_FULL:
      return unusable(path, kind, "the disk is full; free some space, or " + or_another(kind));
    case SQLITE_IOERR:
      return unusable(path, kind,
                      "the disk failed, or a quota or a limit of file sizes was reached; look at "
                      "the system's log, or " +
                          or_another(kind));
    default:
      return unusable(path, kind, std::string{error.what()} + "; " + or_another(kind));
  }
}

std::runtime_error damaged(const std::filesystem::path& path, const FileKind& kind) {
  return unusable(path, kind,
                  "it is not a database, or it is damaged; move it away, or " + or_another(kind));
}

std::runtime_error unusable(const std::filesystem::path& path, const FileKind& kind,
                            const std::string& reason) {
  return std::runtime_error("Can't use the " + kind.noun + " " + path.string() + ": " + reason);
}

}  // namespace regstream::sqlite
