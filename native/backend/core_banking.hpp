#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

/// The core banking system (T24), as far as validation needs it.
namespace regstream::backend {

/// One account of a customer, as core banking knows it.
struct Account {
  std::string number;
  std::string type;      ///< "Savings", "Current"
  std::string currency;  ///< ISO 4217: "ETB"
  std::string status;    ///< "Active", "Dormant", "Closed"; only an active one can be used.

  bool operator==(const Account&) const = default;
};

/// What core banking has under a customer number.
struct CoreCustomer {
  std::string name;  ///< As kept in core banking; may be spelt otherwise than in the registration.
  std::vector<Account> accounts;
};

/// Why a look-up gave no customer.
struct CoreBankingError {
  enum class Kind : std::uint8_t {
    unavailable,  ///< No connection to core banking.
    timed_out,    ///< It did not answer in time.
    rejected,     ///< It answered, and refused.
  };
  Kind kind = Kind::unavailable;
  std::string message;  ///< A sentence for the operator.
};

using CoreBankingResult = std::variant<CoreCustomer, CoreBankingError>;

/// Looks customers up. Used on one thread only, and answers on that thread.
class CoreBanking {
 public:
  /// Keeps one look-up going: destroying it cancels, and its handler is not called any more.
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

  /// Starts a look-up. `handler` is called at most once, after this has returned; perhaps never: a
  /// caller sets its own time limit.
  [[nodiscard]] virtual std::unique_ptr<LookUp> look_up(const std::string& customer_number,
                                                        Handler handler) = 0;
};

}  // namespace regstream::backend
