#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/record.hpp"
#include "backend/sample_core_banking.hpp"

/// Made-up customers. Every ending of a validation is reached by at least two of the PENDING
/// registrations; nobody here exists, and no phone number is in use.
namespace regstream::backend {

/// What the sample core banking system has under one customer number.
struct SampleCustomer {
  std::string number;
  std::string name;
  std::vector<Account> accounts;
  /// Happens to every look-up of this customer.
  CoreBankingFault fault = CoreBankingFault::none;
};

/// Null for a number that is not in the sample data.
[[nodiscard]] const SampleCustomer* find_sample_customer(std::string_view customer_number);

/// The registrations that a new database begins with, submitted over the time before
/// `now_timestamp_ms`.
[[nodiscard]] std::vector<Registration> sample_registrations(std::int64_t now_timestamp_ms);

/// Who has mobile banking already when the database is new.
[[nodiscard]] std::vector<MobileCustomer> sample_mobile_customers();

}  // namespace regstream::backend
