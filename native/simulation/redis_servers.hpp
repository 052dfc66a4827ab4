#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <regstream/broker/redis_options.hpp>

#include "broker/topology/finder_options.hpp"
#include "broker/topology/server_location.hpp"
#include "simulation/fault.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// One workflow's servers: a single Redis, or a primary with replicas and sentinels, one sentinel
/// on the machine of each server. Sentinels learn of a new primary one after the other. One may be
/// cut off from the others, together with the old primary.
class RedisServers {
 public:
  RedisServers(World& world, Truth* truth, const FaultPlan& plan, std::optional<Canary> canary);

  /// The options with which processes find the primary.
  [[nodiscard]] broker::FinderOptions finder() const;
  [[nodiscard]] SimulatedRedis& at(const broker::RedisAddress& address) {
    return *servers_.at(address.port - 1U);
  }
  /// The primary that most sentinels name.
  [[nodiscard]] SimulatedRedis& primary() { return *servers_.at(primary_); }

  [[nodiscard]] bool is_sentinel_up(const broker::RedisAddress& address) const {
    return sentinels_.at(address.port - 1U).is_up;
  }
  /// The answer of the sentinel at that address.
  [[nodiscard]] broker::ServerLocation ask_sentinel(const broker::RedisAddress& address);

  /// Replaces the primary. There is only one failover at a time: false if another one is still
  /// going on. Calls `on_down` for a server whose connections break.
  using Down = std::function<void(const SimulatedRedis&)>;
  bool fail_over(Fault fault, Chance chance, const Down& on_down);
  /// Completes the current failover at once.
  void recover();

 private:
  struct Sentinel {
    std::size_t primary = 0;
    std::uint64_t config_epoch = 0;
    bool is_up = true;
  };

  void promote(std::size_t next);
  void bring_back(std::size_t old);
  void inform_sentinel_later(std::size_t sentinel, Duration wait);
  void inform_sentinel(std::size_t sentinel);
  void finish(std::function<void()>& step);

  World& world_;
  Truth* const truth_;
  std::uint64_t replication_ids_ = 0;
  std::vector<std::unique_ptr<SimulatedRedis>> servers_;
  std::vector<Sentinel> sentinels_;
  std::size_t primary_ = 0;
  std::uint64_t config_epoch_ = 0;
  std::uint64_t offset_at_promotion_ = 0;  // The old primary's.
  // The remaining steps of the current failover.
  std::function<void()> promote_;
  std::function<void()> bring_back_;
};

}  // namespace regstream::simulation
