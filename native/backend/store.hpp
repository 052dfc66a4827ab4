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
  /// Where it is stored; nothing if it is not.
  std::optional<std::int64_t> position;
  std::string key;      ///< Its idempotency key.
  std::string message;  ///< JSON text.
};

/// The registrations on disk, in SQLite. Each function is one transaction: it has happened wholly
/// and durably, or, where it throws, not at all. They throw std::runtime_error when the disk or the
/// file fails, with one sentence that names the file and says what to do. Used on one thread.
///
/// A change is stored together with the updates that tell it, given as JSON texts, so that none of
/// them is lost between the two. They stay in the outbox until they are removed.
class Store {
 public:
  /// How many registrations a list may hold; a page shows no more, and a list must end.
  static constexpr std::size_t list_length_max = 1000;

  /// Opens or makes the database, and locks it against other processes. Throws std::runtime_error
  /// with one sentence that names the file and says what to do.
  explicit Store(const std::filesystem::path& path);

  struct ListFilter {
    std::optional<Status> status = {};                  ///< Nothing: any.
    std::optional<std::vector<std::int64_t>> ids = {};  ///< Nothing: any.
  };
  /// The newest first, without accounts and process log. What the filter leaves out is not counted.
  [[nodiscard]] RegistrationList list(const ListFilter& filter,
                                      std::size_t length_max = list_length_max) const;
  [[nodiscard]] std::optional<Registration> find(std::int64_t id) const;
  [[nodiscard]] std::optional<MobileCustomer> find_mobile_customer(
      const std::string& customer_number) const;
  /// Registrations whose validation was under way when the database was last closed.
  [[nodiscard]] std::vector<std::int64_t> interrupted() const;
  /// APPROVED registrations whose last change is as old as `timestamp_ms`, or older; 100 at most.
  [[nodiscard]] std::vector<std::int64_t> approved_until(std::int64_t timestamp_ms) const;

  /// Fills an empty database; does nothing to one that has registrations.
  void fill(const std::vector<Registration>& registrations,
            const std::vector<MobileCustomer>& mobile_customers);
  /// Adds a PENDING registration, and returns its id.
  std::int64_t add(const Application& application, std::int64_t timestamp_ms);

  /// What waits in the outbox, oldest first.
  [[nodiscard]] std::vector<OutboxEntry> outbox() const;
  /// The update was acknowledged.
  void remove_from_outbox(std::int64_t position);

  using Updates = std::vector<std::string>;
  /// A validation starts: PENDING, with what the last one found dropped, and a first log entry.
  std::vector<OutboxEntry> begin_validation(std::int64_t id, const std::string& message,
                                            const LogEntry& entry, const Updates& updates = {});
  /// `accounts`, where given, are what the stage found.
  std::vector<OutboxEntry> append_log(std::int64_t id, const LogEntry& entry,
                                      const std::optional<std::vector<Account>>& accounts = {},
                                      const Updates& updates = {});

  struct End {
    Status status = Status::failed;
    std::string message;
    std::string details;  ///< JSON text of an object, or empty.
    /// The customer's data in mobile banking are replaced by the registration's.
    bool update_mobile_customer = false;
  };
  /// A validation ends; `entry` is its last log entry, if there is one to write.
  std::vector<OutboxEntry> end_validation(std::int64_t id, const End& end,
                                          const std::optional<LogEntry>& entry,
                                          std::int64_t timestamp_ms, const Updates& updates = {});

  struct MobileUser {
    std::string mobile_user_id;
    std::string elixir_user_id;
  };
  /// The registration's mobile user exists now: COMPLETED.
  std::vector<OutboxEntry> complete(std::int64_t id, const MobileUser& user,
                                    const std::string& message, const std::string& details,
                                    std::int64_t timestamp_ms, const Updates& updates = {});

 private:
  void insert_log_entry(std::int64_t id, const LogEntry& entry);
  void replace_accounts(std::int64_t id, const std::vector<Account>& accounts);
  std::vector<OutboxEntry> put_updates(const Updates& updates);
  void put_mobile_customer(const MobileCustomer& customer);

  /// SQLite's error as the sentence.
  [[noreturn]] void fail(const SQLite::Exception& error) const;

  std::filesystem::path path_;
  SQLite::Database database_;
};

}  // namespace regstream::backend
