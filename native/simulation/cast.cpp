#include "simulation/cast.hpp"

#include <utility>

#include "simulation/guest_workflow.hpp"

namespace regstream::simulation {

Cast::Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world)
    : Cast(run_seed, canary, run_world, choose_fault_plan(run_seed), nullptr) {}

Cast::Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world, const Cast& host)
    : Cast(run_seed, canary, run_world, choose_guest_plan(run_seed, host.plan), &host) {}

Cast::Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world,
           const FaultPlan& run_plan, const Cast* host)
    : seed(run_seed),
      world(run_world),
      plan(run_plan),
      truth(host != nullptr ? guest_workflow() : registration_workflow(), plan.servers > 1),
      servers(world, &truth, plan, canary),
      issuer(world, plan, run_seed),
      route_(run_seed, "gateways that clients reach") {
  for (std::size_t index = 0; index < plan.gateways; ++index) {
    auto clock = host != nullptr ? host->gateways[index]->clock()
                                 : std::make_shared<ProcessClock>(
                                       world, choose_drift(world, plan.drift_per_million_max));
    gateways.push_back(std::make_unique<GatewayProcess>(world, std::move(clock), servers, truth,
                                                        plan, issuer, canary, index));
    if (host != nullptr) {
      gateways.back()->set_neighbour(*host->gateways[index]);
    }
    gateways.back()->start();
  }
  for (std::size_t index = 0; index < plan.publishers; ++index) {
    publishers.push_back(std::make_unique<PublisherProcess>(world, servers, plan, canary, index));
    senders.push_back(++senders_count_);
  }
  for (std::size_t index = 0; index < plan.clients; ++index) {
    auto choices = host != nullptr
                       ? std::optional{ClientChoices{run_seed, index, plan.registrations}}
                       : std::nullopt;
    clients.push_back(std::make_unique<ClientProcess>(
        world, truth, plan, issuer, canary, index, std::move(choices),
        [this, host, canary]() -> StreamWriter& {
          const std::size_t gateway = route_.index(gateways.size());
          const bool is_astray =
              canary == Canary::wrong_workflow && host != nullptr && world.chance(30);
          return (is_astray ? *host : *this).gateways[gateway]->streams();
        }));
  }
}

void Cast::crash_publisher(std::size_t publisher) {
  senders[publisher] = ++senders_count_;
  publishers[publisher]->restart();
}

}  // namespace regstream::simulation
