#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/message/status.hpp>

#include "backend/core_banking.hpp"
#include "backend/record.hpp"

/// The validation of one registration: a machine without I/O. It says which input it needs, and is
/// advanced one step at a time:
///
///     step                                        next
///     ------------------------------------------  -------------------------------------
///     duplicate_check started                     duplicate_check completed
///     duplicate_check completed, new customer     t24_lookup started
///     duplicate_check completed, known customer   t24_lookup skipped
///     t24_lookup started                          t24_lookup completed, or failed
///     t24_lookup completed                        account_validation started
///     t24_lookup failed, or skipped               account_validation skipped
///     account_validation started                  account_validation completed, or failed
///     account_validation completed, failed, ...   status_update started
///     status_update started                       status_update completed, with the outcome
namespace regstream::backend {

enum class Stage : std::uint8_t { duplicate_check, t24_lookup, account_validation, status_update };

/// The stage's name in the contract ("t24_lookup").
[[nodiscard]] std::string_view to_string(Stage stage);

/// An event for the process log and the channel.
struct Step {
  Stage stage = Stage::duplicate_check;
  StageStatus stage_status = StageStatus::started;
  std::string message;
};

/// How a validation ended.
struct Outcome {
  Status status = Status::failed;
  std::string message;
  std::string details;  ///< JSON text of an object.
  bool update_mobile_customer = false;
};

class Validation {
 public:
  /// The input that is needed before the next `advance`.
  enum class Need : std::uint8_t { nothing, mobile_customer, core_banking };

  Validation(std::int64_t registration_id, Application application);

  [[nodiscard]] Need need() const;
  /// Input for `Need::mobile_customer`: the customer with this number in mobile banking, if any.
  void on_mobile_customer(const std::optional<MobileCustomer>& customer);
  /// Input for `Need::core_banking`.
  void on_core_banking(CoreBankingResult result);

  /// Takes the next step. Call it while `need()` is nothing and there is no outcome.
  [[nodiscard]] Step advance();

  [[nodiscard]] const std::string& customer_number() const { return application_.customer_number; }
  /// What the look-up found so far.
  [[nodiscard]] const std::vector<Account>& accounts() const { return core_customer_.accounts; }
  /// Set by the last step.
  [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }

 private:
  Step start(Stage stage);
  Step end(StageStatus stage_status, std::string message);
  Step end_duplicate_check();
  Step end_lookup();
  Step end_account_validation();

  std::int64_t registration_id_;
  Application application_;
  std::optional<Stage> stage_;  ///< Of the last step.
  StageStatus stage_status_ = StageStatus::started;
  bool has_input_ = false;                                  ///< The current stage has its input.
  std::optional<std::vector<std::string>> changed_fields_;  ///< Set for a known customer.
  CoreCustomer core_customer_;
  std::optional<CoreBankingError> error_;
  Outcome next_outcome_;
  std::optional<Outcome> outcome_;
};

}  // namespace regstream::backend
