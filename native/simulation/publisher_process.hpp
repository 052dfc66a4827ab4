#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/history/publish_queue.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_link.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A process that validates: publishes through the real queue, under keys, over a link that breaks.
class PublisherProcess {
 public:
  PublisherProcess(World& world, SimulatedRedis& redis, const FaultPlan& plan, std::size_t index);

  /// One update under a key of its own, or the last one's once more.
  void publish(std::string text, bool same_key);
  [[nodiscard]] std::int64_t timestamp_ms() const { return clock_.timestamp_ms(); }
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }

  RedisLink& link() { return link_; }
  [[nodiscard]] std::size_t waiting() const { return queue_.waiting() + queue_.in_flight(); }
  /// What was acknowledged: it must have entered the history.
  [[nodiscard]] const std::vector<std::string>& acknowledged() const { return acknowledged_; }

 private:
  void send_waiting();
  void on_down();

  const std::string name_;
  ProcessClock clock_;
  broker::PublishQueue queue_;
  std::vector<std::string> acknowledged_;
  std::uint64_t keys_ = 0;
  std::string last_text_;
  EventId known_;
  RedisLink link_;
};

}  // namespace regstream::simulation
