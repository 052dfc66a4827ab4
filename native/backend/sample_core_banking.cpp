#include "backend/sample_core_banking.hpp"

#include <array>
#include <utility>

#include <boost/asio/steady_timer.hpp>

#include "backend/sample_data.hpp"

namespace regstream::backend {
namespace {

/// A running look-up. Its timer's handler holds it weakly, so destroying the look-up ends both.
class PendingLookUp final : public CoreBanking::LookUp {
 public:
  static std::unique_ptr<LookUp> start(const boost::asio::any_io_executor& executor,
                                       Duration latency, CoreBankingResult result,
                                       CoreBanking::Handler handler) {
    auto answer = std::make_shared<Answer>(Answer{boost::asio::steady_timer{executor, latency},
                                                  std::move(result), std::move(handler)});
    answer->timer.async_wait([weak = std::weak_ptr{answer}](const boost::system::error_code&) {
      if (const auto due = weak.lock()) {
        due->handler(std::move(due->result));
      }
    });
    return std::make_unique<PendingLookUp>(std::move(answer));
  }

  struct Answer {
    boost::asio::steady_timer timer;
    CoreBankingResult result;
    CoreBanking::Handler handler;
  };
  explicit PendingLookUp(std::shared_ptr<Answer> answer) : answer_(std::move(answer)) {}

 private:
  std::shared_ptr<Answer> answer_;
};

/// The look-up of a silent core banking system, which never answers.
class SilentLookUp final : public CoreBanking::LookUp {};

CoreBankingError unavailable() {
  return {CoreBankingError::Kind::unavailable,
          "Core banking does not accept connections; try again later"};
}

CoreBankingError rejected() {
  return {CoreBankingError::Kind::rejected,
          "Core banking refused the request; have the customer's record checked in T24"};
}

// The numbers end like the customer's, so that people see whose accounts these are.
CoreBankingResult make_up_customer(const std::string& customer_number) {
  static constexpr std::array<std::string_view, 3> types{"Savings", "Current", "Fixed term"};
  const char last = customer_number.empty() ? '\0' : customer_number.back();
  if (last < '0' || last > '9') {
    return CoreBankingError{CoreBankingError::Kind::rejected,
                            "Core banking does not know this customer number"};
  }
  CoreCustomer customer{"customer " + customer_number, {}};
  const auto accounts = static_cast<std::size_t>(last - '0');
  for (std::size_t index = 0; index < accounts; ++index) {
    customer.accounts.push_back({std::to_string(index + 1) + "000" + customer_number,
                                 std::string{types[index % types.size()]}, "ETB", "Active"});
  }
  return customer;
}

CoreBankingResult answer(const std::string& customer_number, CoreBankingFault fault) {
  if (fault == CoreBankingFault::unavailable) {
    return unavailable();
  }
  if (fault == CoreBankingFault::rejected) {
    return rejected();
  }
  if (const SampleCustomer* customer = find_sample_customer(customer_number)) {
    return CoreCustomer{std::string{customer->name}, customer->accounts};
  }
  return make_up_customer(customer_number);
}

}  // namespace

std::optional<CoreBankingFault> parse_core_banking_fault(std::string_view name) {
  if (name == "none") {
    return CoreBankingFault::none;
  }
  if (name == "unavailable") {
    return CoreBankingFault::unavailable;
  }
  if (name == "rejected") {
    return CoreBankingFault::rejected;
  }
  if (name == "silent") {
    return CoreBankingFault::silent;
  }
  return std::nullopt;
}

SampleCoreBanking::SampleCoreBanking(boost::asio::any_io_executor executor,
                                     SampleCoreBankingOptions options)
    : executor_(std::move(executor)), options_(options), random_(options.fault_seed) {}

std::unique_ptr<CoreBanking::LookUp> SampleCoreBanking::look_up(const std::string& customer_number,
                                                                Handler handler) {
  CoreBankingFault fault = draw_fault();
  if (fault == CoreBankingFault::none) {
    if (const SampleCustomer* customer = find_sample_customer(customer_number)) {
      fault = customer->fault;
    }
  }
  if (fault == CoreBankingFault::silent) {
    return std::make_unique<SilentLookUp>();
  }
  return PendingLookUp::start(executor_, options_.latency, answer(customer_number, fault),
                              std::move(handler));
}

CoreBankingFault SampleCoreBanking::draw_fault() {
  // Draws in steps of a millionth, finer than any rate that a person would set.
  constexpr std::uint64_t steps = 1'000'000;
  const bool is_hit = static_cast<double>(random_.up_to(steps - 1)) <
                      options_.fault_rate * static_cast<double>(steps);
  return is_hit ? options_.fault : CoreBankingFault::none;
}

}  // namespace regstream::backend
