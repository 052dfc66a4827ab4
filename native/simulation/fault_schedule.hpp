#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/chance.hpp"
#include "simulation/fault.hpp"

namespace regstream::simulation {

/// When which fault happens. Each fault has its own random times, and each time a chance of its
/// own, so that one that comes or goes, or draws more than it did, leaves the others alone.
class FaultSchedule {
 public:
  struct Next {
    Instant time;
    Fault fault{};
    Chance chance;  ///< For all that this one draws.
  };

  /// So many faults as a plan has on average are up to `interval_max` apart.
  FaultSchedule(std::uint64_t seed, std::span<const Fault> faults, Duration interval_max);

  [[nodiscard]] bool empty() const { return pending_.empty(); }
  /// The next one. There is always another, unless there are no faults at all.
  [[nodiscard]] Next next();

 private:
  struct Pending {
    Fault fault;
    Instant time;
    Chance chance;  // For its times, and the seeds of its chances.
  };

  Duration wait_max_;
  std::vector<Pending> pending_;
};

}  // namespace regstream::simulation
