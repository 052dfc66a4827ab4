#include <algorithm>

#include <regstream/connection/connection.hpp>

#include "connection/deadline.hpp"

/// Renewal: a stream whose token expires soon gets a fresh token, and is replaced.
namespace regstream {

bool Connection::on_token_expiring(AttemptId attempt, Duration expires_in) {
  if (!is_current(attempt) || state_ != ConnectionState::open || token_expires_) {
    return false;
  }
  token_expires_ = after(now_, expires_in);
  needs_fresh_token_ = options_.needs_token;
  plan_renewal();
  return true;
}

/// Plans the renewal at a random time in the first half of the token's remaining life, but no
/// sooner than the server's `Retry-After`. Plans nothing for later than the token's end.
void Connection::plan_renewal(std::optional<Duration> retry_after) {
  awaits_renewal_ = false;
  is_renewal_pending_ = false;
  const Instant allowed = after(now_, bounded(retry_after.value_or(Duration::zero())));
  const Duration left = time_until(*token_expires_, allowed);
  const Instant soonest = after(attempt_began_, options_.wake_spacing_min);
  const Instant due = std::max(after(allowed, backoff_.random_part(left / 2)), soonest);
  renewal_due_ = due < *token_expires_ ? std::optional(due) : std::nullopt;
}

void Connection::begin_renewal() {
  if (!options_.needs_token) {
    transition(ConnectionEvent::renewed);
    return;
  }
  if (awaits_renewal_) {
    plan_renewal();  // No token came in time.
    return;
  }
  attempt_began_ = now_;
  awaits_renewal_ = true;
  is_renewal_pending_ = true;
  renewal_due_ = after(now_, options_.connect_timeout);
}

}  // namespace regstream
