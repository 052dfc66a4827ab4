#include "simulation/simulation.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "simulation/cast.hpp"
#include "simulation/faults.hpp"
#include "simulation/final_checks.hpp"
#include "simulation/publishing.hpp"

namespace regstream::simulation {
namespace {

/// All clients start within this time. Before that there is nothing to fail.
constexpr Duration beginning_max{20'000};
constexpr Duration faulty_min{25'000};

/// The longest recovery of a client after all faults have ended: a stall, and a sleeping machine's
/// late timer; the watchdog of a half-open stream, its grace, and the longest waits of two
/// attempts, each with a throttled timer; and then all missed updates, over a slow line.
constexpr Duration recovery_max{900'000};
/// With the smallest outbox, a poll brings one update, and a whole history may be due. As long as
/// polls bring updates, the end is postponed by this.
constexpr Duration progress_max{60'000};
/// The longest time for an update when nothing is wrong: the slowest reader.
constexpr Duration delivery_max{120'000};

/// For this long nobody may lose a stream, although every token is renewed.
constexpr Duration calm_span{300'000};
/// From now on tokens outlive the run. After this time there are no others.
constexpr Duration last_renewals_max{400'000};

/// One workflow's cast, with its faults and publishes.
struct Life {
  Life(Cast& whose, const World& run, std::uint64_t run_steps, std::vector<Cast*> guests = {})
      : cast(whose), publishing(whose, run, run_steps), faults(whose, std::move(guests)) {}

  void begin() {
    Chance beginnings{cast.seed, "times at which clients begin"};
    for (const auto& client : cast.clients) {
      cast.world.after(beginnings.between({}, beginning_max), [&client] { client->start(); });
    }
    publishing.begin();
    faults.begin();
    cast.issuer.begin([this](std::uint64_t key) {
      for (const auto& gateway : cast.gateways) {
        gateway->streams().withdraw(key);
      }
    });
  }
  void end() {
    publishing.end();
    cast.world.note("no more faults");
    faults.end();
    cast.issuer.recover();
  }
  void set_calm(bool is_calm) {
    for (const auto& client : cast.clients) {
      client->set_calm(is_calm && cast.issuer.is_in_use());
    }
  }

  Cast& cast;
  Publishing publishing;
  Faults faults;
};

std::uint64_t updates_heard(const Cast& cast) {
  std::uint64_t updates = 0;
  for (const auto& client : cast.clients) {
    updates += client->judge().updates();
  }
  return updates;
}

void recover(World& world, const std::array<Life*, 2>& lives) {
  world.run_for(recovery_max - progress_max);
  std::uint64_t before = 0;
  std::uint64_t heard = 0;
  do {
    before = updates_heard(lives[0]->cast) + updates_heard(lives[1]->cast);
    world.run_for(progress_max);
    heard = updates_heard(lives[0]->cast) + updates_heard(lives[1]->cast);
  } while (heard != before);
}

void renew_tokens(World& world, const std::array<Life*, 2>& lives) {
  for (Life* const life : lives) {
    life->set_calm(true);
  }
  world.run_for(calm_span);
  for (Life* const life : lives) {
    life->set_calm(false);
    life->cast.issuer.settle();
  }
  world.run_for(last_renewals_max);
}

/// Runs a part with faults, and then one without, in which everything must come to rest. The first
/// cast is the host of the others, and its steps are the run's.
void run(std::uint64_t steps, Life& host, Life& guest) {
  World& world = host.cast.world;
  const std::array lives{&host, &guest};
  for (Life* const life : lives) {
    life->begin();
  }
  // Only the host decides when the part ends, so guests change nothing for it.
  Instant last_step{};
  while (world.steps() < steps || last_step < Instant{faulty_min}) {
    const std::uint64_t steps_before = world.steps();
    world.step();
    last_step = world.steps() == steps_before ? last_step : world.now();
  }
  for (Life* const life : lives) {
    life->end();
  }
  recover(world, lives);
  if (host.cast.issuer.is_in_use()) {
    renew_tokens(world, lives);
  }
  for (Life* const life : lives) {
    check_caught_up(life->cast);
    // A lost history shows when somebody publishes.
    life->publishing.publish_new_validation(1);
  }
  world.run_for(delivery_max);
  for (Life* const life : lives) {
    check_end(life->cast, false);
  }
  // From now on all clients see the same, whatever Redis had forgotten before.
  const auto registrations = std::max(host.cast.plan.registrations, guest.cast.plan.registrations);
  for (std::uint64_t registration = 1; registration <= registrations; ++registration) {
    for (Life* const life : lives) {
      if (registration <= life->cast.plan.registrations) {
        life->publishing.publish_new_validation(registration);
      }
    }
    world.run_for(delivery_max);
  }
  for (Life* const life : lives) {
    check_end(life->cast, true);
  }
}

}  // namespace

SimulationResult simulate(const SimulationOptions& options) {
  World world(options.seed, options.trace_lines_max);
  const std::uint64_t guest_seed = Chance{options.seed, "another workflow"}.seed();
  World guest_world(guest_seed, world, "import");
  Cast host(options.seed, options.canary, world);
  Cast guest(guest_seed, options.canary, guest_world, host);
  SimulationResult result;
  try {
    Life guest_life{guest, world, options.steps};
    Life host_life{host, world, options.steps, {&guest}};
    run(options.steps, host_life, guest_life);
  } catch (const Violation& violation) {
    result.violation = violation.what();
  }
  for (const Cast* const cast : {&host, &guest}) {
    result.plan += to_string(cast->plan);
    for (const auto& gateway : cast->gateways) {
      if (gateway->is_running()) {
        gateway->streams().count();
      }
    }
    result.updates += updates_heard(*cast);
    for (const auto& client : cast->clients) {
      result.resets += client->judge().resets();
    }
    result.steps += cast->world.steps();
  }
  result.coverage = world.loop().coverage();
  const Trace& trace = world.loop().trace();
  result.trace.assign(trace.lines().begin(), trace.lines().end());
  result.trace_hash = trace.hash();
  result.simulated_ms = world.now().time_since_epoch().count();
  return result;
}

}  // namespace regstream::simulation
