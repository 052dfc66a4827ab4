#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/history/history_session.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/gateway_streams.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_broker.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// One workflow's part of a gateway: its streams, and the history that feeds them. All parts of a
/// gateway start, crash and drain together, and share one clock.
class GatewayProcess {
 public:
  GatewayProcess(World& world, std::shared_ptr<ProcessClock> clock, RedisServers& servers,
                 const Truth& truth, const FaultPlan& plan, const Issuer& issuer,
                 std::optional<Canary> canary, std::size_t index);

  /// `other` is another workflow's part of the same gateway.
  void set_neighbour(const GatewayProcess& other) { neighbour_ = &other; }
  void start();
  /// `tells`: the kernel still runs, and closes the connections.
  void crash(bool tells);
  [[nodiscard]] bool is_running() const { return streams_.is_running(); }

  [[nodiscard]] GatewayStreams& streams() { return streams_; }
  [[nodiscard]] const GatewayStreams& streams() const { return streams_; }

  void break_redis_link(broker::LinkRole role);
  void break_redis_links();
  void break_redis_links(const SimulatedRedis& server);
  void stall_redis_links(Duration span);
  [[nodiscard]] const std::shared_ptr<ProcessClock>& clock() const { return clock_; }

  /// The bare messages that the running process heard, including those with an id of an epoch that
  /// never existed.
  [[nodiscard]] const std::vector<std::string>& bare_heard() const { return bare_heard_; }
  /// Redis cut the running process off from messages that it had not read, and since then no stream
  /// was told that some may be lost.
  [[nodiscard]] bool is_loss_unreported() const {
    return resets_when_cut_ == truth_.resets_required();
  }
  [[nodiscard]] bool is_caught_up() const { return broker_ && broker_->session().is_connected(); }

 private:
  bool on_channel_message(const std::string& message);
  void count_neighbour() const;
  void on_fact(const broker::SessionFact& fact);
  void check_limits() const;

  World& world_;
  RedisServers& servers_;
  const Truth& truth_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  const std::string name_;
  const std::shared_ptr<ProcessClock> clock_;
  GatewayStreams streams_;
  const GatewayProcess* neighbour_ = nullptr;

  // Of the running process.
  std::unique_ptr<RedisBroker> broker_;
  std::vector<std::string> bare_heard_;
  std::size_t malformed_heard_ = 0;
  std::optional<std::uint64_t> resets_when_cut_;  // As of `Truth::resets_required`.
};

}  // namespace regstream::simulation
