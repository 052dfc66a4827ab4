#include "backend/validation.hpp"

#include <catch2/catch.hpp>

namespace regstream::backend {
namespace {

using Need = Validation::Need;

const Application application{"Hana Tesfaye", "1000234567",     "+251 900 000 142",
                              "Bole",         "ID-179-4420-42", "hana.tesfaye@example.com"};

/// Drives a validation to its end; the steps, in short.
std::vector<std::string> drive(Validation& validation, const std::optional<MobileCustomer>& known,
                               const CoreBankingResult& result) {
  std::vector<std::string> steps;
  while (!validation.outcome()) {
    if (validation.need() == Need::mobile_customer) {
      validation.on_mobile_customer(known);
    } else if (validation.need() == Need::core_banking) {
      validation.on_core_banking(result);
    }
    const Step step = validation.advance();
    steps.push_back(std::string{to_string(step.stage)} + " " +
                    std::string{regstream::to_string(step.stage_status)});
  }
  return steps;
}

CoreCustomer customer_with(const std::vector<const char*>& statuses) {
  CoreCustomer customer{"Hana T.", {}};
  for (const char* status : statuses) {
    customer.accounts.push_back({"1", "Savings", "ETB", status});
  }
  return customer;
}

TEST_CASE("a customer with an active account goes through every stage") {
  Validation validation{42, application};
  CHECK(drive(validation, std::nullopt, customer_with({"Closed", "Active"})) ==
        std::vector<std::string>{"duplicate_check started", "duplicate_check completed",
                                 "t24_lookup started", "t24_lookup completed",
                                 "account_validation started", "account_validation completed",
                                 "status_update started", "status_update completed"});
  CHECK(validation.outcome()->status == Status::approved);
  CHECK(validation.outcome()->details == R"({"accountsFound":2})");
}

TEST_CASE("accounts that can't be used fail the account validation") {
  const auto statuses = GENERATE(std::vector<const char*>{}, std::vector<const char*>{"Closed"},
                                 std::vector<const char*>{"Dormant", "Closed"});
  Validation validation{42, application};
  const auto steps = drive(validation, std::nullopt, customer_with(statuses));
  CHECK(steps[5] == "account_validation failed");
  CHECK(steps.back() == "status_update completed");
  CHECK(validation.outcome()->status == Status::failed);
}

TEST_CASE("a failed look-up skips the account validation") {
  Validation validation{42, application};
  const CoreBankingError error{CoreBankingError::Kind::unavailable, "T24 is down"};
  CHECK(drive(validation, std::nullopt, error) ==
        std::vector<std::string>{"duplicate_check started", "duplicate_check completed",
                                 "t24_lookup started", "t24_lookup failed",
                                 "account_validation skipped", "status_update started",
                                 "status_update completed"});
  CHECK(validation.outcome()->message == "Core banking look-up failed: T24 is down");
  CHECK(validation.outcome()->details == R"({"failedStage":"t24_lookup","error":"unavailable"})");
}

TEST_CASE("a known customer is not looked up in core banking") {
  Validation validation{42, application};
  CHECK(drive(validation, MobileCustomer{application, 7}, customer_with({"Active"})) ==
        std::vector<std::string>{"duplicate_check started", "duplicate_check completed",
                                 "t24_lookup skipped", "account_validation skipped",
                                 "status_update started", "status_update completed"});
  CHECK(validation.outcome()->status == Status::duplicate);
  CHECK_FALSE(validation.outcome()->update_mobile_customer);
}

TEST_CASE("each field of a known customer that changed is named") {
  MobileCustomer known{application, std::nullopt};
  known.application.phone = "+251 900 000 001";
  known.application.branch = "Adama";
  known.application.email = std::nullopt;
  Validation validation{42, application};
  drive(validation, known, CoreCustomer{});
  CHECK(validation.outcome()->status == Status::completed);
  CHECK(validation.outcome()->message == "Customer data updated");
  CHECK(validation.outcome()->update_mobile_customer);
  CHECK(validation.outcome()->details ==
        R"({"existingCustomerNumber":"1000234567","updatedFields":["phone","branch","email"]})");
}

TEST_CASE("a missing e-mail address is not a change") {
  Application without_email = application;
  without_email.email = std::nullopt;
  Validation validation{42, without_email};
  drive(validation, MobileCustomer{application, std::nullopt}, CoreCustomer{});
  CHECK(validation.outcome()->status == Status::duplicate);
}

TEST_CASE("a registration's own mobile user does not make it a duplicate") {
  Validation validation{42, application};
  drive(validation, MobileCustomer{application, 42}, customer_with({"Active"}));
  CHECK(validation.outcome()->status == Status::approved);
}

}  // namespace
}  // namespace regstream::backend
