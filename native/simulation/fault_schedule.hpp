#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"
#include "simulation/fault.hpp"

namespace regstream::simulation {

/// When each fault happens. Each fault has its own random times, and each occurrence its own random
/// numbers. So a fault that is added or removed, or draws more numbers, doesn't change the others.
class FaultSchedule {
 public:
  struct Next {
    Instant time;
    Fault fault{};
    Chance chance;  ///< For everything that this occurrence draws.
  };

  /// With as many faults as an average plan has, they are at most `interval_max` apart.
  FaultSchedule(std::uint64_t seed, std::span<const Fault> faults, Duration interval_max);

  [[nodiscard]] bool empty() const { return pending_.empty(); }
  /// The next fault. There is always another one, unless there are no faults at all.
  [[nodiscard]] Next next();

 private:
  struct Pending {
    Fault fault;
    Instant time;
    Chance chance;  // For its times, and the seeds of its occurrences.
  };

  Duration wait_max_;
  std::vector<Pending> pending_;
};

}  // namespace regstream::simulation
