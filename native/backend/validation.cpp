#include "backend/validation.hpp"

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>
#include <utility>

namespace regstream::backend {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string_view to_string(CoreBankingError::Kind kind) {
  switch (kind) {
    case CoreBankingError::Kind::unavailable:
      return "unavailable";
    case CoreBankingError::Kind::timed_out:
      return "timed_out";
    case CoreBankingError::Kind::rejected:
      return "rejected";
  }
  return {};
}

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

// "phone", "phone and branch", "phone, branch and email"
std::string enumerate(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t index = 0; index < names.size(); ++index) {
    if (index > 0) {
      text += index + 1 == names.size() ? " and " : ", ";
    }
    text += names[index];
  }
  return text;
}

// Field names as in a registration's JSON.
std::vector<std::string> find_changed_fields(const Application& kept, const Application& sent) {
  std::vector<std::string> changed;
  const auto compare = [&changed](const auto& old_value, const auto& new_value, const char* name) {
    if (old_value != new_value) {
      changed.emplace_back(name);
    }
  };
  compare(kept.customer_name, sent.customer_name, "customerName");
  compare(kept.phone, sent.phone, "phone");
  compare(kept.branch, sent.branch, "branch");
  compare(kept.national_id, sent.national_id, "nationalId");
  // A missing e-mail address is not a request to delete it.
  if (sent.email) {
    compare(kept.email, sent.email, "email");
  }
  return changed;
}

}  // namespace

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::duplicate_check:
      return "duplicate_check";
    case Stage::t24_lookup:
      return "t24_lookup";
    case Stage::account_validation:
      return "account_validation";
    case Stage::status_update:
      return "status_update";
  }
  return {};
}

Validation::Validation(std::int64_t registration_id, Application application)
    : registration_id_(registration_id), application_(std::move(application)) {}

Validation::Need Validation::need() const {
  if (has_input_ || stage_status_ != StageStatus::started) {
    return Need::nothing;
  }
  if (stage_ == Stage::duplicate_check) {
    return Need::mobile_customer;
  }
  return stage_ == Stage::t24_lookup ? Need::core_banking : Need::nothing;
}

void Validation::on_mobile_customer(const std::optional<MobileCustomer>& customer) {
  assert(need() == Need::mobile_customer);
  has_input_ = true;
  // The mobile user that this registration led to doesn't make it a duplicate of itself.
  if (customer && customer->registration_id != registration_id_) {
    changed_fields_ = find_changed_fields(customer->application, application_);
  }
}

void Validation::on_core_banking(CoreBankingResult result) {
  assert(need() == Need::core_banking);
  has_input_ = true;
  if (auto* error = std::get_if<CoreBankingError>(&result)) {
    error_ = std::move(*error);
  } else {
    core_customer_ = std::get<CoreCustomer>(std::move(result));
  }
}

Step Validation::advance() {
  assert(need() == Need::nothing && !outcome_);
  if (!stage_) {
    return start(Stage::duplicate_check);
  }
  const bool has_started = stage_status_ == StageStatus::started;
  switch (*stage_) {
    case Stage::duplicate_check:
      if (has_started) {
        return end_duplicate_check();
      }
      if (!changed_fields_) {
        return start(Stage::t24_lookup);
      }
      stage_ = Stage::t24_lookup;
      return end(StageStatus::skipped, "Not needed for a known customer");
    case Stage::t24_lookup:
      if (has_started) {
        return end_lookup();
      }
      if (stage_status_ == StageStatus::completed) {
        return start(Stage::account_validation);
      }
      stage_ = Stage::account_validation;
      return end(StageStatus::skipped,
                 error_ ? "No accounts to validate" : "Not needed for a known customer");
    case Stage::account_validation:
      return has_started ? end_account_validation() : start(Stage::status_update);
    case Stage::status_update:
      break;
  }
  outcome_ = next_outcome_;
  return end(StageStatus::completed,
             "Status set to " + std::string{regstream::to_string(next_outcome_.status)});
}

Step Validation::start(Stage stage) {
  stage_ = stage;
  stage_status_ = StageStatus::started;
  has_input_ = false;
  switch (stage) {
    case Stage::duplicate_check:
      return {stage, stage_status_, "Checking for duplicates"};
    case Stage::t24_lookup:
      return {stage, stage_status_, "Looking the customer up in core banking"};
    case Stage::account_validation:
      return {stage, stage_status_,
              "Validating " + count(core_customer_.accounts.size(), "account")};
    case Stage::status_update:
      break;
  }
  return {stage, stage_status_,
          next_outcome_.update_mobile_customer ? "Updating the customer's data and the status"
                                               : "Updating the status"};
}

Step Validation::end(StageStatus stage_status, std::string message) {
  stage_status_ = stage_status;
  return {*stage_, stage_status, std::move(message)};
}

Step Validation::end_duplicate_check() {
  if (!changed_fields_) {
    return end(StageStatus::completed, "No duplicate found");
  }
  const std::string customer_number = application_.customer_number;
  if (changed_fields_->empty()) {
    next_outcome_ = {Status::duplicate, "Customer already exists, nothing has changed",
                     OrderedJson{{"existingCustomerNumber", customer_number}}.dump()};
    return end(StageStatus::completed, "Customer already exists, nothing has changed");
  }
  next_outcome_ = {
      Status::completed, "Customer data updated",
      OrderedJson{{"existingCustomerNumber", customer_number}, {"updatedFields", *changed_fields_}}
          .dump(),
      true};
  return end(StageStatus::completed,
             "Customer already exists; changed: " + enumerate(*changed_fields_));
}

Step Validation::end_lookup() {
  if (!error_) {
    return end(StageStatus::completed, "Found " + count(core_customer_.accounts.size(), "account"));
  }
  next_outcome_ = {
      Status::failed, "Core banking look-up failed: " + error_->message,
      OrderedJson{{"failedStage", to_string(Stage::t24_lookup)}, {"error", to_string(error_->kind)}}
          .dump()};
  return end(StageStatus::failed, error_->message);
}

Step Validation::end_account_validation() {
  const std::vector<Account>& accounts = core_customer_.accounts;
  const auto active = static_cast<std::size_t>(
      std::count_if(accounts.begin(), accounts.end(),
                    [](const Account& account) { return account.status == "Active"; }));
  const std::string details = OrderedJson{{"accountsFound", accounts.size()}}.dump();
  if (active > 0) {
    next_outcome_ = {Status::approved, "Customer validated successfully", details};
    return end(StageStatus::completed, std::to_string(active) + " of " +
                                           count(accounts.size(), "account") + " of " +
                                           core_customer_.name + " can be used");
  }
  const std::string reason =
      accounts.empty() ? "No accounts were found" : "No active accounts were found";
  next_outcome_ = {Status::failed, reason, details};
  return end(StageStatus::failed, reason);
}

}  // namespace regstream::backend
