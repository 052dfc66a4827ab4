#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/broker/broker.hpp>

#include "hub/stream_pump.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/issuer.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/stream.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A gateway's streams: the real pump, in a shell that does what gateway::Gateway does. It serves
/// one process after another.
class GatewayStreams final : public StreamWriter, public broker::Subscriber {
 public:
  /// `index`, `name` and `clock` are the gateway's, and must outlive this. `catch_up` is the
  /// broker's.
  GatewayStreams(World& world, const Workflow& workflow, const FaultPlan& plan,
                 const Issuer& issuer, std::optional<Canary> canary, std::size_t index,
                 const std::string& name, const ProcessClock& clock,
                 std::function<void()> catch_up);

  void start();
  /// `tells`: the kernel is there still, and closes its connections.
  void crash(bool tells);
  /// Refuses new streams, and ends the open ones in good order within some seconds.
  void drain();
  /// Tokens of this key are no longer valid.
  void withdraw(std::uint64_t key);
  [[nodiscard]] bool is_running() const { return pump_.has_value(); }

  void on_history(EventId position) override;
  void on_message(EventId id, std::string_view message) override;
  void on_live() override;
  void on_caught_up() override;

  bool accept(const StreamPtr& stream) override;
  void on_writable(Stream& stream) override;
  void on_peer_closed(Stream& stream) override;

  // Called by the pump (`hub::StreamSockets`).
  hub::Written write(hub::SubscriptionId id, hub::Outbox& outbox);
  void write_later(hub::SubscriptionId id);
  void close(hub::SubscriptionId id, hub::StreamEnd end, std::string_view error);

  void stall(Duration span);

  [[nodiscard]] const hub::Hub& hub() const { return pump_->hub(); }
  /// Adds what the hub has counted since the process started.
  void count() const;
  void check_limits() const;

 private:
  [[nodiscard]] hub::Moment moment() const {
    return {.now = clock_.now(), .timestamp_ms = clock_.timestamp_ms()};
  }
  void perform_actions();
  void perform(const hub::ScheduleFlush& action);
  void perform(const hub::Flush& action);
  void perform(const hub::SetDeadline& action);
  void perform(const hub::CatchUp& action);
  void perform(const hub::Drained& action);
  /// After `delay`, if the process still runs.
  void after(Duration delay, std::function<void()> event);
  /// Applies the token's rights to a request; false if the request is refused.
  bool authorize(const StreamRequest& asked, hub::SubscriptionRequest& request) const;
  /// Answers with `status` only.
  static void refuse(const StreamPtr& stream, std::uint16_t status);
  bool spoil(Stream& stream, hub::Outbox& outbox);
  bool spoil_end(Stream& stream, hub::Outbox& outbox);

  World& world_;
  const Workflow& workflow_;
  const FaultPlan& plan_;
  const Issuer& issuer_;
  const std::optional<Canary> canary_;
  bool is_canary_due_ = true;
  const std::size_t index_;
  const std::string& name_;
  const ProcessClock& clock_;
  const std::function<void()> catch_up_;
  std::uint64_t incarnation_ = 0;

  // Of the running process.
  std::optional<hub::StreamPump> pump_;
  std::vector<StreamPtr> streams_;  // By the subscription's slot.
  std::uint64_t timer_ = 0;
};

}  // namespace regstream::simulation
