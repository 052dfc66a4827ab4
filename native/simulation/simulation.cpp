#include "simulation/simulation.hpp"

#include "simulation/cast.hpp"
#include "simulation/faults.hpp"
#include "simulation/final_checks.hpp"
#include "simulation/publishing.hpp"

namespace regstream::simulation {
namespace {

/// Within this all clients begin. Before that there is nothing to fail.
constexpr Duration beginning_max{20'000};
constexpr Duration faulty_min{25'000};

/// The longest way back for a client when all faults have ended: a stall, and a sleeping machine's
/// late timer; the watchdog of a half-open stream, its grace, and the longest waits of two
/// attempts, each with a throttled timer; and then all that it has missed, over a slow line.
constexpr Duration recovery_max{900'000};
/// The same for an update when nothing is wrong: the slowest reader.
constexpr Duration delivery_max{120'000};

/// A part with faults, and then one without, in which everything must come to rest.
void run(const SimulationOptions& options, Cast& cast) {
  World& world = cast.world;
  Publishing publishing{cast, options};
  Faults faults{cast, options.seed};
  Chance beginnings{options.seed, "times at which clients begin"};
  for (const auto& client : cast.clients) {
    world.after(beginnings.between({}, beginning_max), [&client] { client->start(); });
  }
  publishing.begin();
  faults.begin();
  while (world.steps() < options.steps || world.now() < Instant{faulty_min}) {
    world.step();
  }
  publishing.end();
  world.note("no more faults");
  faults.end();
  world.run_for(recovery_max);
  check_caught_up(cast);
  // A history that was lost shows when somebody publishes.
  publishing.publish_new_validation(1);
  world.run_for(delivery_max);
  check_end(cast, false);
  // Whatever Redis had forgotten when they came, from now on all see the same.
  for (std::uint64_t registration = 1; registration <= cast.plan.registrations; ++registration) {
    publishing.publish_new_validation(registration);
    world.run_for(delivery_max);
  }
  check_end(cast, true);
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  World world(options.seed, options.trace_lines_max);
  Cast cast(options, world);
  SimulationResult result;
  try {
    run(options, cast);
  } catch (const Violation& violation) {
    result.violation = violation.what();
  }
  result.plan = to_string(cast.plan);
  for (const auto& gateway : cast.gateways) {
    if (gateway->is_running()) {
      gateway->streams().count();
    }
  }
  result.coverage = world.coverage();
  for (const auto& client : cast.clients) {
    result.updates += client->judge().updates();
    result.resets += client->judge().resets();
  }
  result.trace.assign(world.trace().lines().begin(), world.trace().lines().end());
  result.trace_hash = world.trace().hash();
  result.steps = world.steps();
  result.simulated_ms = world.now().time_since_epoch().count();
  return result;
}

}  // namespace regstream::simulation
