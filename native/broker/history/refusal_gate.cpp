#include "broker/history/refusal_gate.hpp"

namespace regstream::broker {

std::optional<Instant> RefusalGate::next_deadline() const {
  return under_way_ == 0 ? paused_until_ : std::nullopt;
}

void RefusalGate::on_refused(Instant now) {
  const bool is_first = !is_settling_;
  is_settling_ = true;
  settle_one();
  if (is_first) {
    paused_until_ = now + backoff_.next_delay(Duration::zero());
  }
}

bool RefusalGate::on_accepted() {
  const bool is_over = is_refusing() && !is_settling_;
  settle_one();
  if (is_over) {
    paused_until_.reset();
    backoff_.reset();
  }
  return is_over;
}

void RefusalGate::on_lost() {
  under_way_ = 0;
  is_settling_ = false;
  if (is_refusing()) {
    paused_until_ = Instant::min();
  }
}

void RefusalGate::settle_one() {
  --under_way_;
  is_settling_ = is_settling_ && under_way_ > 0;
}

}  // namespace regstream::broker
