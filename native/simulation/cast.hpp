#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "simulation/client_process.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/gateway_process.hpp"
#include "simulation/issuer.hpp"
#include "simulation/publisher_process.hpp"
#include "simulation/redis_servers.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// All participants of one workflow. `gateways` and `redis` are the workflow's part of machines
/// that may serve several workflows.
struct Cast {
  /// On machines of its own.
  Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world);
  /// On the host's machines.
  Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world, const Cast& host);
  Cast(const Cast&) = delete;
  Cast& operator=(const Cast&) = delete;

  /// The current primary.
  [[nodiscard]] SimulatedRedis& redis() { return servers.primary(); }
  /// A publisher crashes, and restarts as another sender. What waited in it is lost.
  void crash_publisher(std::size_t publisher);

  const std::uint64_t seed;
  World& world;
  const FaultPlan plan;
  Truth truth;
  RedisServers servers;
  Issuer issuer;
  std::vector<std::unique_ptr<GatewayProcess>> gateways;
  std::vector<std::unique_ptr<PublisherProcess>> publishers;
  std::vector<std::unique_ptr<ClientProcess>> clients;
  std::vector<std::uint64_t> senders;  ///< The number of each publisher's running process.

 private:
  Cast(std::uint64_t run_seed, std::optional<Canary> canary, World& run_world,
       const FaultPlan& run_plan, const Cast* host);

  std::uint64_t senders_count_ = 0;
  Chance route_;  // Chooses a gateway.
};

}  // namespace regstream::simulation
