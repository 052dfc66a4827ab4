#include "simulation/report.hpp"

#include <string_view>

namespace regstream::simulation {
namespace {

std::string hexadecimal(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) {
    text += digits[static_cast<std::size_t>(number >> static_cast<unsigned>(shift)) & 15U];
  }
  return text;
}

}  // namespace

std::string report(const SimulationOptions& options, const SimulationResult& result) {
  std::string text;
  for (const std::string& line : result.trace) {
    text += line + '\n';
  }
  const std::string seed = std::to_string(options.seed);
  text += "seed " + seed + ": " + std::to_string(result.steps) + " events in " +
          std::to_string(result.simulated_ms / 1'000) + " simulated seconds, " +
          std::to_string(result.updates) + " updates heard, " + std::to_string(result.resets) +
          " resets, trace " + hexadecimal(result.trace_hash) + '\n';
  if (result.violation) {
    text += result.plan;
    text += "seed " + seed + " fails: " + *result.violation +
            "\nAgain: regstream simulate --seed " + seed + " --steps " +
            std::to_string(options.steps);
    if (options.canary) {
      text += " --canary " + std::string{to_string(*options.canary)};
    }
    text += '\n';
  }
  return text;
}

}  // namespace regstream::simulation
