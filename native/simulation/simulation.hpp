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
  /// Events of the faulty part; what follows takes as many as it takes.
  std::uint64_t steps = 6'000;
  std::optional<Canary> canary = {};
  /// How many of the last lines of the trace a result has.
  std::size_t trace_lines_max = 0;
};

struct SimulationResult {
  std::optional<std::string> violation;  ///< What must never happen, and has.
  std::string plan;                      ///< What the seed chose, for people.
  std::vector<std::string> trace;        ///< Its last lines.
  std::uint64_t trace_hash = 0;          ///< Of all of it: the same on every machine.
  std::uint64_t steps = 0;
  std::int64_t simulated_ms = 0;
  std::uint64_t updates = 0;  ///< Heard by clients.
  std::uint64_t resets = 0;   ///< The same.
  Coverage coverage;
};

/// Runs one seed: first with faults, then without any, when everything must come to rest.
[[nodiscard]] SimulationResult simulate(const SimulationOptions& options);

}  // namespace regstream::simulation
