#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <regstream/message/status.hpp>

#include "backend/core_banking.hpp"

/// The backend's records. Timestamps are in milliseconds since the Unix epoch.
namespace regstream::backend {

/// The data that a customer submits to get mobile banking.
struct Application {
  std::string customer_name;
  std::string customer_number;  ///< The customer's number in core banking.
  std::string phone;
  std::string branch;
  std::string national_id;
  std::optional<std::string> email;

  bool operator==(const Application&) const = default;
};

/// One line of a validation's process log.
struct LogEntry {
  std::string stage;
  StageStatus stage_status = StageStatus::started;
  std::string message;
  std::int64_t timestamp_ms = 0;

  bool operator==(const LogEntry&) const = default;
};

/// A registration request and its progress.
struct Registration {
  std::int64_t id = 0;
  Application application;
  Status status = Status::pending;
  std::string message;  ///< Empty before the first validation.
  /// A validation is running, or was running when the program stopped.
  bool validating = false;
  std::int64_t submitted_timestamp_ms = 0;
  std::int64_t updated_timestamp_ms = 0;
  std::vector<Account> accounts;  ///< Found by the last validation.
  std::string details;  ///< The last status's details: the JSON text of an object, or empty.
  std::vector<LogEntry> process_log;  ///< The last validation's log.
  std::optional<std::string> mobile_user_id;
  std::optional<std::string> elixir_user_id;

  bool operator==(const Registration&) const = default;
};

/// A customer who has mobile banking already.
struct MobileCustomer {
  Application application;
  /// The registration that led to this mobile user; none if the user is older than the
  /// registrations.
  std::optional<std::int64_t> registration_id;

  bool operator==(const MobileCustomer&) const = default;
};

/// The newest registrations.
struct RegistrationList {
  std::vector<Registration> registrations;
  bool has_more = false;  ///< Whether there are older ones.
};

}  // namespace regstream::backend
