#include "simulation/attempt_judge.hpp"

#include "simulation/world.hpp"

namespace regstream::simulation {
namespace {

/// The client's default, and the shortest `retry` that a gateway sends.
constexpr Duration spacing_min{1'000};
/// The longest wait: a draining gateway's spread above its `retry`, and the backoff's cap above.
constexpr Duration wait_max{21'000};
constexpr Duration offline_wait_max{60'000};

/// Attempts within a minute, without those after a signal. Full jitter may draw several short waits
/// in a row, but not many.
constexpr std::size_t attempts_per_minute_max = 20;
constexpr Duration minute{60'000};

const Duration poll_spacing_min = ConnectionOptions{}.polls.spacing_min;

/// How long changes of ids are gathered, at least.
const Duration change_delay = ConnectionOptions{}.change_delay;

}  // namespace

void AttemptJudge::begin() {
  attempts_.clear();
  last_poll_.reset();
  was_offline_ = was_connected_ = false;
  first_change_.reset();
  changes_ = 0;
}

void AttemptJudge::on_ids_changed(Instant now) {
  first_change_ = first_change_.value_or(now);
  ++changes_;
}

void AttemptJudge::on_attempt(ConnectionReason reason, TransportKind kind, Instant now) {
  const auto first_change = std::exchange(first_change_, std::nullopt);
  changes_ = 0;
  const auto last_poll = std::exchange(last_poll_, std::nullopt);
  if (kind == TransportKind::polling) {
    last_poll_ = now;
    if (last_poll && !first_change && now - *last_poll < poll_spacing_min) {
      fail("two polls begin " + std::to_string((now - *last_poll).count()) + " ms apart");
    }
    return;
  }
  if (reason == ConnectionReason::changed) {
    // One attempt requests all changes of ids since the last attempt.
    if (!first_change || now - *first_change < change_delay) {
      fail("an attempt for other ids comes too early, or once more");
    }
    return;
  }
  // A refused token is replaced at once, and once only.
  const bool is_at_once = reason == ConnectionReason::token_refused;
  if (!attempts_.empty() && !is_at_once && now - attempts_.back() < spacing_min) {
    fail("two attempts begin " + std::to_string((now - attempts_.back()).count()) + " ms apart");
  }
  attempts_.push_back(now);
  while (now - attempts_.front() > minute) {
    attempts_.pop_front();
  }
  const bool was_woken = last_signal_ && now - *last_signal_ <= minute;
  if (!was_woken && attempts_.size() > attempts_per_minute_max) {
    fail(std::to_string(attempts_.size()) + " attempts in a minute");
  }
}

void AttemptJudge::on_state(const StateChanged& change, Duration wait) {
  const bool is_replaced =
      change.reason == ConnectionReason::changed || change.reason == ConnectionReason::renewed;
  if (is_replaced && was_connected_ && !change.is_connected) {
    fail("takes a stream that it replaces for a lost one");
  }
  if (is_calm_ && was_connected_ && !change.is_connected && change.to != ConnectionState::closed) {
    fail("loses its stream, though everything is well: " + std::string{to_string(change.reason)});
  }
  was_connected_ = change.is_connected;
  if (change.to == ConnectionState::waiting &&
      wait > (was_offline_ ? offline_wait_max : wait_max)) {
    fail("waits " + std::to_string(wait.count()) + " ms");
  }
}

void AttemptJudge::fail(const std::string& what) const {
  throw Violation(name_ + ": " + what);
}

}  // namespace regstream::simulation
