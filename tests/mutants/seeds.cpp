// Runs the simulation's first seeds until one fails: less to build than the whole program.
// Usage: mutant_seeds COUNT
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "simulation/report.hpp"
#include "simulation/simulation.hpp"

int main(int argc, char** argv) {
  const std::uint64_t count = argc == 2 ? std::strtoull(argv[1], nullptr, 10) : 0;
  regstream::simulation::SimulationOptions options;
  for (; options.seed < count; ++options.seed) {
    const auto result = regstream::simulation::simulate(options);
    if (result.violation) {
      std::cout << regstream::simulation::report(options, result);
      return 1;
    }
  }
  return count == 0 ? 2 : 0;
}
