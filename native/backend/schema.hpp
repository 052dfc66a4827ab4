#pragma once

#include <filesystem>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/time.hpp>

#include "sqlite/own_file.hpp"

namespace regstream::backend {

/// Identifies the database among other files.
[[nodiscard]] const sqlite::FileKind& database_kind();

/// Opens or makes the database file with this version's tables, and locks it for this process.
/// Throws std::runtime_error with one sentence that names the file and says what to do. `patience`
/// is how long it waits for another process to release the file.
[[nodiscard]] SQLite::Database open_database(const std::filesystem::path& path, Duration patience);

}  // namespace regstream::backend
