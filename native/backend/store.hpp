#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>
#include <regstream/message/status.hpp>

#include "backend/record.hpp"

namespace regstream::backend {

/// An update that waits for the broker.
struct OutboxEntry {
  /// Its place in the store; nothing if it is not stored.
  std::optional<std::int64_t> position;
  std::string key;      ///< Its idempotency key.
  std::string message;  ///< JSON text.
};

/// The registrations on disk, in SQLite. Each function is one transaction: it is done completely
/// and durably, or, if it throws, not at all. When the disk or the file fails they throw
/// std::runtime_error with one sentence that names the file and says what to do. Use it on one
/// thread only.
///
/// A change is stored together with its updates (JSON texts), so that none is lost in between. They
/// stay in the outbox until they are removed.
class Store {
 public:
  /// The longest list of registrations. A page shows no more, and a list must end.
  static constexpr std::size_t list_length_max = 1000;

  /// Opens or makes the database, and locks it against other processes. Throws std::runtime_error
  /// with one sentence that names the file and says what to do.
  explicit Store(const std::filesystem::path& path);

  struct ListFilter {
    std::optional<Status> status = {};                  ///< Nothing: any.
    std::optional<std::vector<std::int64_t>> ids = {};  ///< Nothing: any.
  };
  /// The newest first, without accounts and process log. The limit counts only registrations that
  /// match the filter.
  [[nodiscard]] RegistrationList list(const ListFilter& filter,
                                      std::size_t length_max = list_length_max) const;
  [[nodiscard]] std::optional<Registration> find(std::int64_t id) const;
  [[nodiscard]] std::optional<MobileCustomer> find_mobile_customer(
      const std::string& customer_number) const;
  /// Registrations whose validation was running when the database was last closed.
  [[nodiscard]] std::vector<std::int64_t> interrupted() const;
  /// APPROVED registrations whose last change was at `timestamp_ms` or earlier; at most 100.
  [[nodiscard]] std::vector<std::int64_t> approved_until(std::int64_t timestamp_ms) const;

  /// Fills an empty database. Does nothing if it has registrations.
  void fill(const std::vector<Registration>& registrations,
            const std::vector<MobileCustomer>& mobile_customers);
  /// Adds a PENDING registration, and returns its id.
  std::int64_t add(const Application& application, std::int64_t timestamp_ms);

  /// The updates in the outbox, oldest first.
  [[nodiscard]] std::vector<OutboxEntry> outbox() const;
  /// Removes an acknowledged update.
  void remove_from_outbox(std::int64_t position);

  using Updates = std::vector<std::string>;
  /// A validation starts: the status is PENDING, the last validation's findings are dropped, and
  /// the log has a first entry.
  std::vector<OutboxEntry> begin_validation(std::int64_t id, const std::string& message,
                                            const LogEntry& entry, const Updates& updates = {});
  /// `accounts` are those that the stage found, if any.
  std::vector<OutboxEntry> append_log(std::int64_t id, const LogEntry& entry,
                                      const std::optional<std::vector<Account>>& accounts = {},
                                      const Updates& updates = {});

  struct End {
    Status status = Status::failed;
    std::string message;
    std::string details;  ///< JSON text of an object, or empty.
    /// Whether the registration's data replaces the customer's data in mobile banking.
    bool update_mobile_customer = false;
  };
  /// A validation ends; `entry` is its last log entry, if any.
  std::vector<OutboxEntry> end_validation(std::int64_t id, const End& end,
                                          const std::optional<LogEntry>& entry,
                                          std::int64_t timestamp_ms, const Updates& updates = {});

  struct MobileUser {
    std::string mobile_user_id;
    std::string elixir_user_id;
  };
  /// The registration's mobile user was created: COMPLETED.
  std::vector<OutboxEntry> complete(std::int64_t id, const MobileUser& user,
                                    const std::string& message, const std::string& details,
                                    std::int64_t timestamp_ms, const Updates& updates = {});

 private:
  void insert_log_entry(std::int64_t id, const LogEntry& entry);
  void replace_accounts(std::int64_t id, const std::vector<Account>& accounts);
  std::vector<OutboxEntry> put_updates(const Updates& updates);
  void put_mobile_customer(const MobileCustomer& customer);

  /// Turns SQLite's error into the sentence.
  [[noreturn]] void fail(const SQLite::Exception& error) const;

  std::filesystem::path path_;
  SQLite::Database database_;
};

}  // namespace regstream::backend
