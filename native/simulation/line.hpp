#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "simulation/world.hpp"

namespace regstream::simulation {

/// One direction of a connection: what is sent arrives in order, later or never.
class Line : public std::enable_shared_from_this<Line> {
 public:
  Line(World& world, Duration delay_max) : world_(world), delay_max_(delay_max) {}

  void send(std::function<void()> arrival) {
    if (is_cut_) {
      return;
    }
    waiting_.push_back(std::move(arrival));
    const Instant due = world_.now() + world_.between(Duration{0}, delay_max_);
    last_due_ = std::max({last_due_, due, stalled_until_});
    plan(last_due_ - world_.now());
  }

  /// Nothing that is on its way, or sent from now on, ever arrives.
  void cut() {
    is_cut_ = true;
    waiting_.clear();
  }

  [[nodiscard]] bool is_cut() const { return is_cut_; }

  /// True: the receiver stops reading. False: it reads again.
  void hold(bool holds) {
    is_held_ = holds;
    for (; !holds && held_arrivals_ > 0; --held_arrivals_) {
      plan({});
    }
  }
  [[nodiscard]] bool is_held() const { return is_held_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

  void stall(Duration span) { stalled_until_ = std::max(stalled_until_, world_.now() + span); }

 private:
  void plan(Duration delay) {
    world_.after(delay, [self = shared_from_this()] { self->arrive(); });
  }

  void arrive() {
    if (waiting_.empty()) {
      return;
    }
    if (is_held_) {
      ++held_arrivals_;
      return;
    }
    if (world_.now() < stalled_until_) {
      plan(stalled_until_ - world_.now());
      return;
    }
    const auto arrival = std::move(waiting_.front());
    waiting_.pop_front();
    arrival();
  }

  World& world_;
  const Duration delay_max_;
  std::deque<std::function<void()>> waiting_;
  Instant last_due_{};
  Instant stalled_until_{};
  bool is_cut_ = false;
  bool is_held_ = false;
  std::size_t held_arrivals_ = 0;  // Arrivals while the line was held.
};

}  // namespace regstream::simulation
