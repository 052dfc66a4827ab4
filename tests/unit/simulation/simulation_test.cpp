// The simulation tests the product, and this tests the simulation. `./dev test simulate` runs many
// seeds.
#include <cstdint>
#include <string>

#include <catch2/catch.hpp>

#include "simulation/simulation.hpp"

namespace {

using regstream::simulation::canaries_count;
using regstream::simulation::Canary;
using regstream::simulation::simulate;
using regstream::simulation::SimulationOptions;

}  // namespace

TEST_CASE("a seed does the same every time") {
  SimulationOptions options;
  options.seed = 7;
  options.trace_lines_max = 100;
  const auto first = simulate(options);
  const auto second = simulate(options);
  CHECK_FALSE(first.violation);
  CHECK(first.trace_hash == second.trace_hash);
  CHECK(first.trace == second.trace);
  CHECK(first.steps == second.steps);
  options.seed = 8;
  CHECK(simulate(options).trace_hash != first.trace_hash);
}

TEST_CASE("a seed does the same on every machine") {
  // A new number here is no mistake if a change was meant to change what happens. A different
  // number on another machine always is one.
  SimulationOptions options;
  options.seed = 3;
  CHECK(simulate(options).trace_hash == 0xcb5641c8ff7c3220);
}

TEST_CASE("the seeds serve their purpose as clients get updates and resets") {
  std::uint64_t updates = 0;
  std::uint64_t resets = 0;
  for (SimulationOptions options; options.seed < 20; ++options.seed) {
    const auto result = simulate(options);
    updates += result.updates;
    resets += result.resets;
  }
  CHECK(updates > 10'000);
  CHECK(resets > 100);
}

TEST_CASE("situations that never happened are named") {
  regstream::simulation::Coverage all;
  all.faults.fill(1);
  all.situations.fill(1);
  CHECK(all.missing().empty());
  regstream::simulation::Coverage some = all;
  some.faults.front() = 0;
  some.situations.back() = 0;
  CHECK(some.missing() == "reset stream, branch lost");
  some.add(all);
  CHECK(some.missing().empty());
  CHECK(some.table().find("stall stream 2") != std::string::npos);

  SimulationOptions options;
  CHECK_FALSE(simulate(options).coverage.missing().empty());
}

TEST_CASE("each planted mistake is found and shown") {
  constexpr std::uint64_t seeds = 200;
  for (std::size_t canary = 0; canary < canaries_count; ++canary) {
    CAPTURE(canary);
    SimulationOptions options;
    options.canary = static_cast<Canary>(canary);
    options.trace_lines_max = 10;
    auto result = simulate(options);
    while (!result.violation && ++options.seed < seeds) {
      result = simulate(options);
    }
    REQUIRE(result.violation);
    CHECK(result.trace.size() == 10);
    CHECK(result.plan.find("clients") != std::string::npos);
    // The same seed without the planted mistake passes, so it was the mistake that was found.
    options.canary.reset();
    CHECK_FALSE(simulate(options).violation);
  }
}
