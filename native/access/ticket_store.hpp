#pragma once

#include <functional>
#include <string>
#include <variant>

#include <regstream/time.hpp>
#include <regstream/workflow/workflow.hpp>

namespace regstream::access {

/// How long an unused ticket is valid: a browser opens its stream at once.
inline constexpr Duration ticket_lifetime{30'000};

struct TicketKept {};
struct NoTicket {};
/// The store can't be reached now.
struct StoreAway {};
/// There are too many tickets. One expires after this time, unless it is redeemed before.
struct StoreFull {
  Duration wait;
};

/// Keeps sealed tokens, each under its ticket's name, for `ticket_lifetime`. Each can be redeemed
/// once. Handlers are called once, during the call or later, on the loop's thread.
class TicketStore {
 public:
  using KeepResult = std::variant<TicketKept, StoreFull, StoreAway>;
  using KeepHandler = std::function<void(KeepResult)>;
  using RedeemResult = std::variant<std::string, NoTicket, StoreAway>;
  using RedeemHandler = std::function<void(RedeemResult)>;

  TicketStore() = default;
  TicketStore(const TicketStore&) = delete;
  TicketStore& operator=(const TicketStore&) = delete;
  virtual ~TicketStore() = default;

  virtual void keep(const Workflow& workflow, const std::string& name, std::string sealed,
                    KeepHandler done) = 0;
  virtual void redeem(const Workflow& workflow, const std::string& name, RedeemHandler done) = 0;
};

}  // namespace regstream::access
