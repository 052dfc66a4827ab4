#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <stdexcept>
#include <string>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"
#include "simulation/coverage.hpp"
#include "simulation/trace.hpp"

/// Deterministic simulation: the real machines on a clock, a network and a Redis that are made up.
/// One seed decides everything that happens.
namespace regstream::simulation {

/// Something that must never happen has happened. It ends the simulation.
class Violation : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The simulated time, and what is to happen in it. What is due at the same moment happens in the
/// order in which it was planned. Its chance is that of networks and processes; the plan, each
/// fault and the publishing have their own.
class World : public Chance {
 public:
  World(std::uint64_t seed, std::size_t trace_lines_max)
      : Chance(seed, "world"), trace_(trace_lines_max) {}

  [[nodiscard]] Instant now() const { return now_; }
  void after(Duration delay, std::function<void()> event);

  /// Lets the next event happen; false: there is none.
  bool step();
  /// Lets everything happen that is due within `span`.
  void run_for(Duration span);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }

  void note(std::string_view line) { trace_.note(now_, line); }
  [[nodiscard]] const Trace& trace() const { return trace_; }

  void count(Fault fault) { ++coverage_.faults[static_cast<std::size_t>(fault)]; }
  void count(Sight sight, std::uint64_t times = 1) {
    coverage_.sights[static_cast<std::size_t>(sight)] += times;
  }
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }

 private:
  struct Planned {
    Instant time;
    std::uint64_t number;
    std::function<void()> event;
  };
  struct IsLater {
    bool operator()(const Planned& left, const Planned& right) const {
      return left.time == right.time ? left.number > right.number : left.time > right.time;
    }
  };

  Trace trace_;
  Coverage coverage_;
  Instant now_{};
  std::uint64_t steps_ = 0;
  std::uint64_t planned_ = 0;
  std::priority_queue<Planned, std::vector<Planned>, IsLater> queue_;
};

}  // namespace regstream::simulation
