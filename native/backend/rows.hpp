#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/message/status.hpp>

#include "backend/record.hpp"

/// Records as rows of the tables in schema.cpp.
namespace regstream::backend {

/// Columns in the order of `read_application` and `bind_application`.
inline constexpr const char* registration_columns =
    "customer_name, customer_number, phone, branch, national_id, email, id, status, message, "
    "validating, submitted_timestamp_ms, updated_timestamp_ms, details, mobile_user_id, "
    "elixir_user_id";
/// The first of these columns.
inline constexpr int application_columns = 6;

void bind_optional(SQLite::Statement& statement, int index,
                   const std::optional<std::string>& value);
void bind_status(SQLite::Statement& statement, int index, Status status);
void bind_application(SQLite::Statement& statement, const Application& application);

[[nodiscard]] Application read_application(SQLite::Statement& row);
/// Without accounts and process log.
[[nodiscard]] Registration read_registration(SQLite::Statement& row);

[[nodiscard]] std::vector<Account> read_accounts(const SQLite::Database& database, std::int64_t id);
[[nodiscard]] std::vector<LogEntry> read_process_log(const SQLite::Database& database,
                                                     std::int64_t id);

}  // namespace regstream::backend
