#pragma once

#include <string>

#include "simulation/simulation.hpp"

namespace regstream::simulation {

/// A run's result for people: a summary; or, after a violation, the kept part of its trace, the
/// violation, and the command that runs it again. Every line has its line end. All machines that
/// run the same seed give the same text.
[[nodiscard]] std::string report(const SimulationOptions& options, const SimulationResult& result);

}  // namespace regstream::simulation
