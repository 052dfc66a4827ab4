#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/record.hpp"
#include "backend/sample_core_banking.hpp"

/// Invented customers. At least two PENDING registrations reach each possible end of a validation.
/// No person here exists, and no phone number is in use.
namespace regstream::backend {

/// The sample core banking system's record of a customer number.
struct SampleCustomer {
  std::string number;
  std::string name;
  std::vector<Account> accounts;
  /// Happens to every look-up of this customer.
  CoreBankingFault fault = CoreBankingFault::none;
};

/// Null if the number is not in the sample data.
[[nodiscard]] const SampleCustomer* find_sample_customer(std::string_view customer_number);

/// The registrations of a new database, submitted in the time before `now_timestamp_ms`.
[[nodiscard]] std::vector<Registration> sample_registrations(std::int64_t now_timestamp_ms);

/// The customers who have mobile banking already in a new database.
[[nodiscard]] std::vector<MobileCustomer> sample_mobile_customers();

}  // namespace regstream::backend
