#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulation/coverage.hpp"
#include "simulation/fault_plan.hpp"

namespace regstream::simulation {

struct SimulationOptions {
  std::uint64_t seed = 0;
  /// Events of the faulty part. The part after it has as many as it needs.
  std::uint64_t steps = 6'000;
  std::optional<Canary> canary = {};
  /// How many of the trace's last lines the result keeps.
  std::size_t trace_lines_max = 0;
};

struct SimulationResult {
  std::optional<std::string> violation;  ///< What must never happen, but has.
  std::string plan;                      ///< What the seed chose, for people.
  std::vector<std::string> trace;        ///< The trace's last lines.
  std::uint64_t trace_hash = 0;          ///< Of the whole trace; the same on every machine.
  std::uint64_t steps = 0;
  std::int64_t simulated_ms = 0;
  std::uint64_t updates = 0;  ///< Delivered to clients.
  std::uint64_t resets = 0;   ///< The same.
  Coverage coverage;
};

/// Runs one seed: first with faults, then without, until everything has come to rest.
[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace regstream::simulation
