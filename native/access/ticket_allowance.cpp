#include "access/ticket_allowance.hpp"

#include "access/ticket_store.hpp"

namespace regstream::access {

std::optional<Duration> TicketAllowance::refuse(const std::string& token, Instant now) {
  if (now >= window_ends_) {
    window_ends_ = now + ticket_lifetime;
    of_tokens_.clear();
    issued_ = 0;
  }
  // In this order, so that tokens take no memory once the total is used up.
  if (issued_ < limits_.tickets_issued_max) {
    std::size_t& of_token = of_tokens_[token];
    if (of_token < limits_.tickets_of_token_max) {
      ++of_token;
      ++issued_;
      return std::nullopt;
    }
  }
  ++refused_;
  return window_ends_ - now;
}

}  // namespace regstream::access
