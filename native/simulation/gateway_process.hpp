#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/history/history_follower.hpp"
#include "broker/history/refusal_gate.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/gateway_streams.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_link.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A gateway: its streams, and the real follower of the history in a shell that does what
/// broker::RedisBroker does around it.
class GatewayProcess {
 public:
  GatewayProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                 std::optional<Canary> canary, std::size_t index);

  void start();
  /// `tells`: the kernel is there still, and closes its connections.
  void crash(bool tells);
  [[nodiscard]] bool is_running() const { return streams_.is_running(); }

  [[nodiscard]] GatewayStreams& streams() { return streams_; }
  [[nodiscard]] const GatewayStreams& streams() const { return streams_; }

  static constexpr std::size_t redis_links_count = 3;
  void break_redis_link(std::size_t index);
  void break_redis_links();
  void stall_redis_links(Duration span);
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }
  void leap_clock(Duration span) { clock_.leap(span); }

  /// The bare messages that were heard by the process that runs now.
  [[nodiscard]] const std::vector<std::string>& bare_heard() const { return bare_heard_; }
  /// Where the history ended when Redis cut the running process off from messages that it had not
  /// heard.
  [[nodiscard]] std::optional<EventId> cut_off_at() const { return cut_off_at_; }
  [[nodiscard]] bool is_caught_up() const { return follower_ && follower_->is_caught_up(); }

 private:
  void hear(const std::string& message);
  void advance();
  void act(const broker::BeginHistory& begin);
  void act(const broker::TellMessage& told);
  void act(const broker::GoLive& live);
  void act(const broker::CaughtUp& caught_up);
  void act(const broker::ReadHistory& read);
  void act(const broker::AwaitHistory& await);
  void act(const broker::Adopt& adopt);
  void act(const broker::LeaveChannel& leave);
  void act(const broker::TellLoss& loss);
  void on_refused(broker::RefusalGate& gate);

  void check_limits() const;

  World& world_;
  SimulatedRedis& redis_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  const std::string name_;
  ProcessClock clock_;
  GatewayStreams streams_;
  std::uint64_t incarnation_ = 0;

  // Of the running process.
  std::optional<broker::HistoryFollower> follower_;
  std::optional<broker::RefusalGate> reading_;
  std::optional<broker::RefusalGate> adopting_;
  std::unique_ptr<RedisLink> caller_;
  std::unique_ptr<RedisLink> listener_;
  std::unique_ptr<RedisLink> waiter_;
  std::vector<std::string> bare_heard_;
  std::optional<EventId> cut_off_at_;
};

}  // namespace regstream::simulation
