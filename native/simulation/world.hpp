#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"
#include "simulation/event_loop.hpp"

/// Deterministic simulation: the real machines on a simulated clock, network and Redis. One seed
/// decides everything that happens.
namespace regstream::simulation {

/// Something happened that must never happen. It ends the simulation.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One workflow's world: the simulated time, which several workflows share, and random numbers of
/// its own for networks and processes. The plan, each fault and the publishing have others. So one
/// workflow doesn't change what happens in another.
class World : public Chance {
 public:
  World(std::uint64_t seed, std::size_t trace_lines_max)
      : Chance(seed, "world"), loop_(std::make_shared<EventLoop>(trace_lines_max)) {}
  /// Shares the time of `other`. Every note here begins with `name`.
  World(std::uint64_t seed, const World& other, const std::string& name)
      : Chance(seed, "world"), loop_(other.loop_), prefix_(name + ", ") {}
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] Instant now() const { return loop_->now(); }
  /// The world must outlive its events.
  void after(Duration delay, std::function<void()> event) {
    loop_->after(delay, steps_, std::move(event));
  }

  /// Runs the next event of any world; false if there is none.
  bool step() { return loop_->step(); }
  /// Runs every event that is due within `span`.
  void run_for(Duration span) { loop_->run_for(span); }
  /// The events of this world only.
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  void note(std::string_view line) {
    if (prefix_.empty()) {
      loop_->note(line);
    } else {
      loop_->note(prefix_ + std::string{line});
    }
  }
  void count(Fault fault) { loop_->count(fault); }
  void count(Situation situation, std::uint64_t times = 1) { loop_->count(situation, times); }
  [[nodiscard]] const EventLoop& loop() const { return *loop_; }

 private:
  std::shared_ptr<EventLoop> loop_;
  std::string prefix_;
  std::uint64_t steps_ = 0;
};

}  // namespace regstream::simulation
