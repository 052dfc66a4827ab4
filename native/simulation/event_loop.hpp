#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <string_view>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/coverage.hpp"
#include "simulation/trace.hpp"

namespace regstream::simulation {

/// The simulated time, the planned events, and the record of what has happened. Events that are due
/// at the same moment happen in the order in which they were planned.
class EventLoop {
 public:
  explicit EventLoop(std::size_t trace_lines_max) : trace_(trace_lines_max) {}

  [[nodiscard]] Instant now() const { return now_; }
  /// Increments `steps` when the event happens.
  void after(Duration delay, std::uint64_t& steps, std::function<void()> event);

  /// Runs the next event; false if there is none.
  bool step();
  /// Runs every event that is due within `span`.
  void run_for(Duration span);

  void note(std::string_view line) { trace_.note(now_, line); }
  [[nodiscard]] const Trace& trace() const { return trace_; }

  void count(Fault fault) { ++coverage_.faults[static_cast<std::size_t>(fault)]; }
  void count(Situation situation, std::uint64_t times = 1) {
    coverage_.situations[static_cast<std::size_t>(situation)] += times;
  }
  [[nodiscard]] const Coverage& coverage() const { return coverage_; }

 private:
  struct Planned {
    Instant time;
    std::uint64_t number;
    std::uint64_t* steps;
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
  std::uint64_t planned_ = 0;
  std::priority_queue<Planned, std::vector<Planned>, IsLater> queue_;
};

}  // namespace regstream::simulation
