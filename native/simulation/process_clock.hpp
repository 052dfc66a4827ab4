#pragma once

#include <cstdint>
#include <cstdlib>

#include "simulation/world.hpp"

namespace regstream::simulation {

/// Draws how much a clock is too fast or too slow: at most `most` in either direction, in the same
/// unit.
[[nodiscard]] inline std::int64_t choose_drift(World& world, std::int64_t most) {
  return static_cast<std::int64_t>(
             world.between(std::uint64_t{0}, static_cast<std::uint64_t>(2 * most))) -
         most;
}

/// One process's clocks. The monotonic one runs a little too fast or too slow, and may leap
/// forward. The calendar may be set to any time, also an earlier one.
class ProcessClock {
 public:
  ProcessClock(const World& world, std::int64_t drift_per_million)
      : world_(&world), drift_per_million_(drift_per_million) {}

  [[nodiscard]] Instant now() const { return Instant{elapsed() + drift() + leapt_}; }
  /// The world begins on a day in 2023.
  [[nodiscard]] std::int64_t timestamp_ms() const {
    return 1'702'493'000'000 + (elapsed() + set_by_).count();
  }
  /// How long to wait, in the world's time, until this clock shows `deadline` or a little more.
  [[nodiscard]] Duration until(Instant deadline) const {
    const Duration wait = time_until(deadline, now());
    return wait == Duration::zero()
               ? Duration::zero()
               : wait + wait * std::abs(drift_per_million_) / 1'000'000 + Duration{1};
  }

  void leap(Duration span) { leapt_ += span; }
  void set_calendar(Duration wrong_by) { set_by_ = wrong_by; }

 private:
  [[nodiscard]] Duration elapsed() const { return world_->now().time_since_epoch(); }
  [[nodiscard]] Duration drift() const { return elapsed() * drift_per_million_ / 1'000'000; }

  const World* world_;
  std::int64_t drift_per_million_;
  Duration leapt_{};
  Duration set_by_{};
};

}  // namespace regstream::simulation
