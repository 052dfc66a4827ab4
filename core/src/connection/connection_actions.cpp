#include <algorithm>

#include <regstream/connection/connection.hpp>

/// The actions that the caller polls.
namespace regstream {

std::optional<ConnectionAction> Connection::poll_action() {
  if (opened_attempt_ != 0 && (opened_attempt_ != attempt_ || !has_transport())) {
    const CloseTransport close{.attempt = AttemptId{opened_attempt_}};
    opened_attempt_ = 0;
    return close;
  }
  if (probed_attempt_ != 0 && (probed_attempt_ != attempt_ || !has_transport() || has_event_)) {
    probed_attempt_ = 0;
    return CloseProbe{};
  }
  if (changes_count_ > 0) {
    const StateChanged change = changes_[0];
    --changes_count_;
    std::copy_n(changes_.begin() + 1, changes_count_, changes_.begin());
    return change;
  }
  if (is_renewal_pending_) {
    is_renewal_pending_ = false;
    return RequestToken{.attempt = AttemptId{attempt_}, .is_refused = true};
  }
  if (is_probe_pending_ && opened_attempt_ == attempt_) {
    is_probe_pending_ = false;
    probed_attempt_ = attempt_;
    return OpenProbe{.attempt = AttemptId{attempt_}};
  }
  if (!is_attempt_pending_) {
    return std::nullopt;
  }
  is_attempt_pending_ = false;
  if (state_ == ConnectionState::authorizing) {
    return RequestToken{.attempt = AttemptId{attempt_}, .is_refused = needs_fresh_token_};
  }
  opened_attempt_ = attempt_;
  return OpenTransport{
      .attempt = AttemptId{attempt_}, .last_event_id = last_event_id_, .kind = kind_};
}

void Connection::queue_change(const StateChanged& change) {
  if (changes_count_ < changes_max) {
    changes_[changes_count_++] = change;
  } else {
    // Nobody polls: the last entry takes over the current state.
    changes_.back().to = change.to;
    changes_.back().reason = change.reason;
    changes_.back().is_connected = change.is_connected;
  }
}

}  // namespace regstream
