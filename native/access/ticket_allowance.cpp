#include "access/ticket_allowance.hpp"

#include "access/ticket_store.hpp"

namespace regstream::access {

std::optional<Duration> TicketAllowance::refuse(const std::string& token, Instant now) {
  if (now >= window_ends_) {
    window_ends_ = now + ticket_lifetime;
    of_tokens_.clear();
    issued_ = 0;
  }
  if (issued_ >= limits_.tickets_issued_max) {
    return window_ends_ - now;
  }
  std::size_t& of_token = of_tokens_[token];
  if (of_token >= limits_.tickets_of_token_max) {
    return window_ends_ - now;
  }
  ++of_token;
  ++issued_;
  return std::nullopt;
}

}  // namespace regstream::access
