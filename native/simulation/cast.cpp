#include "simulation/cast.hpp"

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
      redis(world, &truth, plan, canary),
      route_(run_seed, "gateways that clients reach") {
  for (std::size_t index = 0; index < plan.gateways; ++index) {
    auto clock = host != nullptr ? host->gateways[index]->clock()
                                 : std::make_shared<ProcessClock>(
                                       world, choose_drift(world, plan.drift_per_million_max));
    gateways.push_back(std::make_unique<GatewayProcess>(world, std::move(clock), redis, truth, plan,
                                                        canary, index));
    gateways.back()->start();
  }
  for (std::size_t index = 0; index < plan.publishers; ++index) {
    publishers.push_back(std::make_unique<PublisherProcess>(world, redis, plan, canary, index));
    senders.push_back(++senders_count_);
  }
  for (std::size_t index = 0; index < plan.clients; ++index) {
    clients.push_back(std::make_unique<ClientProcess>(
        world, truth, plan, canary, index,
        [this]() -> StreamWriter& { return gateways[route_.index(gateways.size())]->streams(); }));
  }
}

void Cast::crash_publisher(std::size_t publisher) {
  senders[publisher] = ++senders_count_;
  publishers[publisher]->restart();
}

}  // namespace regstream::simulation
