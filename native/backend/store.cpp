#include "backend/store.hpp"

#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "backend/rows.hpp"
#include "backend/schema.hpp"
#include "sqlite/own_file.hpp"

namespace regstream::backend {
namespace {

constexpr int approved_at_once_max = 100;
// A predecessor that is stopping still holds its lock for a moment.
constexpr Duration patience{2'000};

std::vector<std::int64_t> read_ids(SQLite::Statement& query) {
  std::vector<std::int64_t> ids;
  while (query.executeStep()) {
    ids.push_back(query.getColumn(0).getInt64());
  }
  return ids;
}

std::vector<OutboxEntry> read_outbox(SQLite::Statement& query) {
  std::vector<OutboxEntry> entries;
  while (query.executeStep()) {
    entries.push_back({query.getColumn(0).getInt64(), query.getColumn(1).getString(),
                       query.getColumn(2).getString()});
  }
  return entries;
}

}  // namespace

Store::Store(const std::filesystem::path& path)
    : path_(path), database_(open_database(path, patience)) {}

void Store::fail(const SQLite::Exception& error) const {
  throw sqlite::explain(path_, database_kind(), error);
}

RegistrationList Store::list(const ListFilter& filter, std::size_t length_max) const try {
  SQLite::Statement query{database_,
                          std::string{"SELECT "} + registration_columns +
                              " FROM registrations WHERE (?1 IS NULL OR status = ?1) "
                              "AND (?2 IS NULL OR id IN (SELECT value FROM json_each(?2))) "
                              "ORDER BY submitted_timestamp_ms DESC, id DESC LIMIT ?3"};
  if (filter.status) {
    bind_status(query, 1, *filter.status);
  }
  if (filter.ids) {
    query.bind(2, nlohmann::json(*filter.ids).dump());
  }
  query.bind(3, static_cast<std::int64_t>(length_max + 1));
  RegistrationList list;
  while (query.executeStep()) {
    list.registrations.push_back(read_registration(query));
  }
  if (list.registrations.size() > length_max) {
    list.registrations.pop_back();
    list.has_more = true;
  }
  return list;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::optional<Registration> Store::find(std::int64_t id) const try {
  SQLite::Statement query{database_, std::string{"SELECT "} + registration_columns +
                                         " FROM registrations WHERE id = ?"};
  query.bind(1, id);
  if (!query.executeStep()) {
    return std::nullopt;
  }
  Registration registration = read_registration(query);
  registration.accounts = read_accounts(database_, id);
  registration.process_log = read_process_log(database_, id);
  return registration;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::optional<MobileCustomer> Store::find_mobile_customer(const std::string& customer_number) const
    try {
  SQLite::Statement query{database_,
                          "SELECT customer_name, customer_number, phone, branch, national_id, "
                          "email, registration_id FROM mobile_customers WHERE customer_number = ?"};
  query.bind(1, customer_number);
  if (!query.executeStep()) {
    return std::nullopt;
  }
  MobileCustomer customer{read_application(query), std::nullopt};
  if (const SQLite::Column id = query.getColumn(application_columns); !id.isNull()) {
    customer.registration_id = id.getInt64();
  }
  return customer;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<std::int64_t> Store::interrupted() const try {
  SQLite::Statement query{database_, "SELECT id FROM registrations WHERE validating = 1"};
  return read_ids(query);
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<std::int64_t> Store::approved_until(std::int64_t timestamp_ms) const try {
  SQLite::Statement query{database_,
                          "SELECT id FROM registrations WHERE status = ? "
                          "AND updated_timestamp_ms <= ? ORDER BY id LIMIT ?"};
  bind_status(query, 1, Status::approved);
  query.bind(2, timestamp_ms);
  query.bind(3, approved_at_once_max);
  return read_ids(query);
} catch (const SQLite::Exception& error) {
  fail(error);
}

void Store::fill(const std::vector<Registration>& registrations,
                 const std::vector<MobileCustomer>& mobile_customers) try {
  SQLite::Transaction transaction{database_};
  if (SQLite::Statement any{database_, "SELECT 1 FROM registrations LIMIT 1"}; any.executeStep()) {
    return;
  }
  for (const Registration& registration : registrations) {
    SQLite::Statement insert{database_,
                             std::string{"INSERT INTO registrations ("} + registration_columns +
                                 ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    bind_application(insert, registration.application);
    int index = application_columns;
    insert.bind(++index, registration.id);
    bind_status(insert, ++index, registration.status);
    insert.bind(++index, registration.message);
    insert.bind(++index, registration.validating ? 1 : 0);
    insert.bind(++index, registration.submitted_timestamp_ms);
    insert.bind(++index, registration.updated_timestamp_ms);
    insert.bind(++index, registration.details);
    bind_optional(insert, ++index, registration.mobile_user_id);
    bind_optional(insert, ++index, registration.elixir_user_id);
    insert.exec();
    replace_accounts(registration.id, registration.accounts);
    for (const LogEntry& entry : registration.process_log) {
      insert_log_entry(registration.id, entry);
    }
  }
  for (const MobileCustomer& customer : mobile_customers) {
    put_mobile_customer(customer);
  }
  transaction.commit();
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::int64_t Store::add(const Application& application, std::int64_t timestamp_ms) try {
  SQLite::Statement insert{database_,
                           "INSERT INTO registrations (customer_name, customer_number, phone, "
                           "branch, national_id, email, status, message, validating, "
                           "submitted_timestamp_ms, updated_timestamp_ms, details) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?7, '', 0, ?8, ?8, '')"};
  bind_application(insert, application);
  bind_status(insert, 7, Status::pending);
  insert.bind(8, timestamp_ms);
  insert.exec();
  return database_.getLastInsertRowid();
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::outbox() const try {
  SQLite::Statement query{database_, "SELECT position, key, message FROM outbox ORDER BY position"};
  return read_outbox(query);
} catch (const SQLite::Exception& error) {
  fail(error);
}

void Store::remove_from_outbox(std::int64_t position) try {
  SQLite::Statement remove{database_, "DELETE FROM outbox WHERE position = ?"};
  remove.bind(1, position);
  remove.exec();
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::begin_validation(std::int64_t id, const std::string& message,
                                                 const LogEntry& entry,
                                                 const Updates& updates) try {
  SQLite::Transaction transaction{database_};
  SQLite::Statement update{database_,
                           "UPDATE registrations SET status = ?, message = ?, details = '', "
                           "validating = 1, updated_timestamp_ms = ? WHERE id = ?"};
  bind_status(update, 1, Status::pending);
  update.bind(2, message);
  update.bind(3, entry.timestamp_ms);
  update.bind(4, id);
  update.exec();
  SQLite::Statement clear{database_, "DELETE FROM process_log WHERE registration_id = ?"};
  clear.bind(1, id);
  clear.exec();
  replace_accounts(id, {});
  insert_log_entry(id, entry);
  std::vector<OutboxEntry> kept = put_updates(updates);
  transaction.commit();
  return kept;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::append_log(std::int64_t id, const LogEntry& entry,
                                           const std::optional<std::vector<Account>>& accounts,
                                           const Updates& updates) try {
  SQLite::Transaction transaction{database_};
  if (accounts) {
    replace_accounts(id, *accounts);
  }
  insert_log_entry(id, entry);
  std::vector<OutboxEntry> kept = put_updates(updates);
  transaction.commit();
  return kept;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::end_validation(std::int64_t id, const End& end,
                                               const std::optional<LogEntry>& entry,
                                               std::int64_t timestamp_ms,
                                               const Updates& updates) try {
  SQLite::Transaction transaction{database_};
  if (entry) {
    insert_log_entry(id, *entry);
  }
  SQLite::Statement update{database_,
                           "UPDATE registrations SET status = ?, message = ?, details = ?, "
                           "validating = 0, updated_timestamp_ms = ? WHERE id = ?"};
  bind_status(update, 1, end.status);
  update.bind(2, end.message);
  update.bind(3, end.details);
  update.bind(4, timestamp_ms);
  update.bind(5, id);
  update.exec();
  if (end.update_mobile_customer) {
    // An e-mail address that the customer did not give again is kept.
    SQLite::Statement replace{
        database_,
        "UPDATE mobile_customers AS kept SET customer_name = new.customer_name, "
        "phone = new.phone, branch = new.branch, national_id = new.national_id, "
        "email = coalesce(new.email, kept.email) FROM registrations AS new "
        "WHERE new.id = ? AND kept.customer_number = new.customer_number"};
    replace.bind(1, id);
    replace.exec();
  }
  std::vector<OutboxEntry> kept = put_updates(updates);
  transaction.commit();
  return kept;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::complete(std::int64_t id, const MobileUser& user,
                                         const std::string& message, const std::string& details,
                                         std::int64_t timestamp_ms, const Updates& updates) try {
  SQLite::Transaction transaction{database_};
  SQLite::Statement update{database_,
                           "UPDATE registrations SET status = ?, message = ?, details = ?, "
                           "mobile_user_id = ?, elixir_user_id = ?, updated_timestamp_ms = ? "
                           "WHERE id = ?"};
  bind_status(update, 1, Status::completed);
  update.bind(2, message);
  update.bind(3, details);
  update.bind(4, user.mobile_user_id);
  update.bind(5, user.elixir_user_id);
  update.bind(6, timestamp_ms);
  update.bind(7, id);
  update.exec();
  if (const std::optional<Registration> registration = find(id)) {
    put_mobile_customer({registration->application, id});
  }
  std::vector<OutboxEntry> kept = put_updates(updates);
  transaction.commit();
  return kept;
} catch (const SQLite::Exception& error) {
  fail(error);
}

std::vector<OutboxEntry> Store::put_updates(const Updates& updates) {
  std::vector<OutboxEntry> kept;
  for (const std::string& update : updates) {
    SQLite::Statement insert{
        database_, "INSERT INTO outbox (message) VALUES (?) RETURNING position, key, message"};
    insert.bind(1, update);
    for (OutboxEntry& entry : read_outbox(insert)) {
      kept.push_back(std::move(entry));
    }
  }
  return kept;
}

void Store::insert_log_entry(std::int64_t id, const LogEntry& entry) {
  SQLite::Statement insert{database_,
                           "INSERT INTO process_log (registration_id, position, stage, "
                           "stage_status, message, timestamp_ms) VALUES (?1, (SELECT count(*) FROM "
                           "process_log WHERE registration_id = ?1), ?2, ?3, ?4, ?5)"};
  insert.bind(1, id);
  insert.bind(2, entry.stage);
  insert.bind(3, std::string{to_string(entry.stage_status)});
  insert.bind(4, entry.message);
  insert.bind(5, entry.timestamp_ms);
  insert.exec();
}

void Store::replace_accounts(std::int64_t id, const std::vector<Account>& accounts) {
  SQLite::Statement clear{database_, "DELETE FROM accounts WHERE registration_id = ?"};
  clear.bind(1, id);
  clear.exec();
  int position = 0;
  for (const Account& account : accounts) {
    SQLite::Statement insert{database_, "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)"};
    insert.bind(1, id);
    insert.bind(2, position++);
    insert.bind(3, account.number);
    insert.bind(4, account.type);
    insert.bind(5, account.currency);
    insert.bind(6, account.status);
    insert.exec();
  }
}

void Store::put_mobile_customer(const MobileCustomer& customer) {
  SQLite::Statement insert{database_,
                           "INSERT OR REPLACE INTO mobile_customers (customer_name, "
                           "customer_number, phone, branch, national_id, email, registration_id) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?)"};
  bind_application(insert, customer.application);
  if (customer.registration_id) {
    insert.bind(application_columns + 1, *customer.registration_id);
  }
  insert.exec();
}

}  // namespace regstream::backend
