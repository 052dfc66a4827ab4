#include <algorithm>

#include <regstream/connection/connection.hpp>

#include "connection/deadline.hpp"

/// How a stream whose token expires soon gets another one, and is opened anew.
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

/// Somewhen in the first half of what the open stream's token has left, behind what the server has
/// asked to wait for. Nothing is planned for later than its end.
void Connection::plan_renewal(std::optional<Duration> retry_after) {
  awaits_renewal_ = false;
  is_renewal_pending_ = false;
  const Instant allowed = after(now_, bounded(retry_after.value_or(Duration::zero())));
  const Duration left = time_until(*token_expires_, allowed);
  const Instant soonest = after(attempt_began_, options_.wake_spacing_min);
  const Instant due = std::max(after(allowed, backoff_.some_of(left / 2)), soonest);
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
