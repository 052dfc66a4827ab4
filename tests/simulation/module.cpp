// The simulation's C ABI: one function runs a seed, and leaves the report of it in the module's
// memory.
#include <cstdint>
#include <optional>
#include <string>

#include "simulation/report.hpp"
#include "simulation/simulation.hpp"

namespace {

std::string result;

}  // namespace

extern "C" {

/// `canary`: its number; a negative one: none. Returns the report's size.
[[gnu::used, clang::export_name("simulate")]] std::uint32_t simulate(std::uint32_t seed_high,
                                                                     std::uint32_t seed_low,
                                                                     std::int32_t canary,
                                                                     std::uint32_t trace_lines) {
  using namespace regstream::simulation;
  SimulationOptions options;
  options.seed = (std::uint64_t{seed_high} << 32U) | seed_low;
  options.trace_lines_max = trace_lines;
  if (canary >= 0) {
    options.canary = static_cast<Canary>(canary);
  }
  result = report(options, simulate(options));
  return static_cast<std::uint32_t>(result.size());
}

/// Where the report stands.
[[gnu::used, clang::export_name("result")]] const char* report_text() {
  return result.data();
}
}
