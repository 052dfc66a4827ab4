#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

/// The interface to the core banking system (T24), as far as validation needs it.
namespace regstream::backend {

/// One account of a customer in core banking.
struct Account {
  std::string number;
  std::string type;      ///< Such as "Savings" or "Current".
  std::string currency;  ///< ISO 4217, such as "ETB".
  std::string status;    ///< "Active", "Dormant" or "Closed"; only an active account can be used.

  bool operator==(const Account&) const = default;
};

/// Core banking's record of a customer number.
struct CoreCustomer {
  std::string name;  ///< As spelt in core banking, which may differ from the registration.
  std::vector<Account> accounts;
};

/// Why a look-up gave no customer.
struct CoreBankingError {
  enum class Kind : std::uint8_t {
    unavailable,  ///< Core banking can't be reached.
    timed_out,    ///< It did not answer in time.
    rejected,     ///< It answered, and refused.
  };
  Kind kind = Kind::unavailable;
  std::string message;  ///< A sentence for the operator.
};

using CoreBankingResult = std::variant<CoreCustomer, CoreBankingError>;

/// Looks customers up. Use it on one thread only; it answers on that thread.
class CoreBanking {
 public:
  /// Owns one look-up. Destroying it cancels the look-up, and its handler is not called any more.
  class LookUp {
   public:
    LookUp() = default;
    LookUp(const LookUp&) = delete;
    LookUp& operator=(const LookUp&) = delete;
    virtual ~LookUp() = default;
  };
  using Handler = std::function<void(CoreBankingResult)>;

  CoreBanking() = default;
  CoreBanking(const CoreBanking&) = delete;
  CoreBanking& operator=(const CoreBanking&) = delete;
  virtual ~CoreBanking() = default;

  /// Starts a look-up. Calls `handler` at most once, after this call. It may never call it, so a
  /// caller needs a time limit.
  [[nodiscard]] virtual std::unique_ptr<LookUp> look_up(const std::string& customer_number,
                                                        Handler handler) = 0;
};

}  // namespace regstream::backend
