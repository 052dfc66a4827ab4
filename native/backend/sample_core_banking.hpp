#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <regstream/random.hpp>
#include <regstream/time.hpp>

#include "backend/core_banking.hpp"

namespace regstream::backend {

/// What goes wrong with a look-up.
enum class CoreBankingFault : std::uint8_t {
  none,
  unavailable,  ///< The connection is refused.
  rejected,     ///< The request is refused.
  silent,       ///< No answer ever comes.
};

/// Parses "none", "unavailable", "rejected" or "silent".
[[nodiscard]] std::optional<CoreBankingFault> parse_core_banking_fault(std::string_view name);

struct SampleCoreBankingOptions {
  /// The time until the answer; not negative.
  Duration latency{600};
  /// What happens to a look-up that `fault_rate` hits.
  CoreBankingFault fault = CoreBankingFault::none;
  /// The share of look-ups that `fault` hits, 0 to 1.
  double fault_rate = 1.0;
  /// Seed of the draws against `fault_rate`: the same seed hits the same look-ups.
  std::uint64_t fault_seed = 1;
};

/// A simulated core banking system with the sample data. A customer number outside the sample data
/// has as many accounts as its last digit says; one that doesn't end in a digit is rejected.
class SampleCoreBanking final : public CoreBanking {
 public:
  SampleCoreBanking(boost::asio::any_io_executor executor, SampleCoreBankingOptions options);

  [[nodiscard]] std::unique_ptr<LookUp> look_up(const std::string& customer_number,
                                                Handler handler) override;

 private:
  [[nodiscard]] CoreBankingFault draw_fault();

  boost::asio::any_io_executor executor_;
  SampleCoreBankingOptions options_;
  Random random_;
};

}  // namespace regstream::backend
