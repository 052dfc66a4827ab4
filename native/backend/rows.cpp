#include "backend/rows.hpp"

#include <utility>

namespace regstream::backend {
namespace {

std::optional<std::string> read_optional(SQLite::Statement& row, int column) {
  const SQLite::Column value = row.getColumn(column);
  return value.isNull() ? std::nullopt : std::optional{value.getString()};
}

}  // namespace

void bind_optional(SQLite::Statement& statement, int index,
                   const std::optional<std::string>& value) {
  if (value) {
    statement.bind(index, *value);
  } else {
    statement.bind(index);
  }
}

void bind_status(SQLite::Statement& statement, int index, Status status) {
  statement.bind(index, std::string{to_string(status)});
}

void bind_application(SQLite::Statement& statement, const Application& application) {
  statement.bind(1, application.customer_name);
  statement.bind(2, application.customer_number);
  statement.bind(3, application.phone);
  statement.bind(4, application.branch);
  statement.bind(5, application.national_id);
  bind_optional(statement, application_columns, application.email);
}

Application read_application(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getString(), row.getColumn(2).getString(),
          row.getColumn(3).getString(), row.getColumn(4).getString(), read_optional(row, 5)};
}

Registration read_registration(SQLite::Statement& row) {
  int column = application_columns;
  Registration registration;
  registration.application = read_application(row);
  registration.id = row.getColumn(column++).getInt64();
  registration.status = parse_status(row.getColumn(column++).getString());
  registration.message = row.getColumn(column++).getString();
  registration.validating = row.getColumn(column++).getInt() != 0;
  registration.submitted_timestamp_ms = row.getColumn(column++).getInt64();
  registration.updated_timestamp_ms = row.getColumn(column++).getInt64();
  registration.details = row.getColumn(column++).getString();
  registration.mobile_user_id = read_optional(row, column++);
  registration.elixir_user_id = read_optional(row, column);
  return registration;
}

std::vector<Account> read_accounts(const SQLite::Database& database, std::int64_t id) {
  SQLite::Statement query{database,
                          "SELECT number, type, currency, status FROM accounts "
                          "WHERE registration_id = ? ORDER BY position"};
  query.bind(1, id);
  std::vector<Account> accounts;
  while (query.executeStep()) {
    accounts.push_back({query.getColumn(0).getString(), query.getColumn(1).getString(),
                        query.getColumn(2).getString(), query.getColumn(3).getString()});
  }
  return accounts;
}

std::vector<LogEntry> read_process_log(const SQLite::Database& database, std::int64_t id) {
  SQLite::Statement query{database,
                          "SELECT stage, stage_status, message, timestamp_ms FROM process_log "
                          "WHERE registration_id = ? ORDER BY position"};
  query.bind(1, id);
  std::vector<LogEntry> entries;
  while (query.executeStep()) {
    entries.push_back(
        {query.getColumn(0).getString(),
         parse_stage_status(query.getColumn(1).getString()).value_or(StageStatus::completed),
         query.getColumn(2).getString(), query.getColumn(3).getInt64()});
  }
  return entries;
}

}  // namespace regstream::backend
