#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/history/history_follower.hpp"
#include "broker/history/refusal_gate.hpp"
#include "hub/hub.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_link.hpp"
#include "simulation/stream.hpp"
#include "simulation/truth.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A gateway: the real hub and the real follower of the history, in a shell that does what
/// gateway::Gateway and broker::RedisBroker do around them.
class GatewayProcess final : public StreamWriter {
 public:
  GatewayProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan,
                 std::optional<Canary> canary, std::size_t index);

  void start();
  /// `tells`: the kernel is there still, and closes its connections.
  void crash(bool tells);
  /// Ends every stream in good order, and refuses new ones.
  void drain();
  [[nodiscard]] bool is_running() const { return hub_.has_value(); }

  bool accept(const StreamPtr& stream) override;
  void on_writable(Stream& stream) override;
  void on_peer_closed(Stream& stream) override;

  static constexpr std::size_t redis_links_count = 3;
  void break_redis_link(std::size_t index);
  void break_redis_links();
  void stall_redis_links(Duration span);
  void stall_streams(Duration span);
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }
  void leap_clock(Duration span) { clock_.leap(span); }

  /// The bare messages that were heard by the process that runs now.
  [[nodiscard]] const std::vector<std::string>& bare_heard() const { return bare_heard_; }
  [[nodiscard]] const hub::Hub& hub() const { return *hub_; }
  /// Where the history ended when Redis cut the running process off from messages that it had not
  /// heard.
  [[nodiscard]] std::optional<EventId> cut_off_at() const { return cut_off_at_; }
  [[nodiscard]] bool is_caught_up() const { return follower_ && follower_->is_caught_up(); }
  /// What its hub has counted since it started.
  void count_hub() const;

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

  void schedule_flush();
  void flush();
  void write(Stream& stream);
  void end_stream(Stream& stream);
  void arm();
  void check_limits() const;

  World& world_;
  SimulatedRedis& redis_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  bool is_canary_due_ = true;
  const std::string name_;
  ProcessClock clock_;
  std::uint64_t incarnation_ = 0;

  // Of the running process.
  std::optional<hub::Hub> hub_;
  std::optional<broker::HistoryFollower> follower_;
  std::optional<broker::RefusalGate> reading_;
  std::optional<broker::RefusalGate> adopting_;
  std::unique_ptr<RedisLink> caller_;
  std::unique_ptr<RedisLink> listener_;
  std::unique_ptr<RedisLink> waiter_;
  std::vector<StreamPtr> streams_;  // By the subscription's slot.
  std::vector<std::string> bare_heard_;
  std::optional<EventId> cut_off_at_;
  bool flush_is_scheduled_ = false;
  std::optional<Instant> armed_;
  std::uint64_t timer_ = 0;
  bool is_draining_ = false;
};

}  // namespace regstream::simulation
