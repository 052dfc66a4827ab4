#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>

#include "hub/hub.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/stream.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A gateway's streams: the real hub, in a shell that does what gateway::Gateway does around it.
/// Serves one process after another.
class GatewayStreams final : public StreamWriter, public broker::Subscriber {
 public:
  /// `name` and `clock` are the gateway's, and outlive this. `catch_up` is the broker's.
  GatewayStreams(World& world, const FaultPlan& plan, std::optional<Canary> canary,
                 const std::string& name, const ProcessClock& clock,
                 std::function<void()> catch_up);

  void start();
  /// `tells`: the kernel is there still, and closes its connections.
  void crash(bool tells);
  /// Ends every stream in good order, and refuses new ones.
  void drain();
  [[nodiscard]] bool is_running() const { return hub_.has_value(); }

  void on_history(EventId position) override;
  void on_message(EventId id, std::string_view message) override;
  void on_live() override;
  void on_caught_up() override;

  bool accept(const StreamPtr& stream) override;
  void on_writable(Stream& stream) override;
  void on_peer_closed(Stream& stream) override;

  void stall(Duration span);

  [[nodiscard]] const hub::Hub& hub() const { return *hub_; }
  /// What the hub has counted since the process started.
  void count() const;
  void check_limits() const;

 private:
  void schedule_flush();
  void flush();
  void write(Stream& stream);
  void end_stream(Stream& stream);
  void arm();

  World& world_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  bool is_canary_due_ = true;
  const std::string& name_;
  const ProcessClock& clock_;
  const std::function<void()> catch_up_;
  std::uint64_t incarnation_ = 0;

  // Of the running process.
  std::optional<hub::Hub> hub_;
  std::vector<StreamPtr> streams_;  // By the subscription's slot.
  bool flush_is_scheduled_ = false;
  std::optional<Instant> armed_;
  std::uint64_t timer_ = 0;
  bool is_draining_ = false;
};

}  // namespace regstream::simulation
