#include "simulation/cast.hpp"

namespace regstream::simulation {

Cast::Cast(const SimulationOptions& options, World& run_world)
    : world(run_world),
      plan(choose_fault_plan(options.seed)),
      redis(world, &truth, plan, options.canary),
      route_(options.seed, "gateways that clients reach") {
  for (std::size_t index = 0; index < plan.gateways; ++index) {
    gateways.push_back(
        std::make_unique<GatewayProcess>(world, redis, truth, plan, options.canary, index));
    gateways.back()->start();
  }
  for (std::size_t index = 0; index < plan.publishers; ++index) {
    publishers.push_back(
        std::make_unique<PublisherProcess>(world, redis, plan, options.canary, index));
    senders.push_back(++senders_count_);
  }
  for (std::size_t index = 0; index < plan.clients; ++index) {
    clients.push_back(std::make_unique<ClientProcess>(
        world, truth, plan, options.canary, index,
        [this]() -> StreamWriter& { return gateways[route_.index(gateways.size())]->streams(); }));
  }
}

void Cast::crash_publisher(std::size_t publisher) {
  senders[publisher] = ++senders_count_;
  publishers[publisher]->restart();
}

}  // namespace regstream::simulation
