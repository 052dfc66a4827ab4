#pragma once

#include <string>

#include "simulation/simulation.hpp"

namespace regstream::simulation {

/// One run for people, in lines that all end: what it came to; or its trace as far as it was kept,
/// what was violated, and the command that runs it again. Two machines that ran the same seed say
/// the same.
[[nodiscard]] std::string report(const SimulationOptions& options, const SimulationResult& result);

}  // namespace regstream::simulation
