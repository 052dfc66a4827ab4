#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/history/history_session.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_broker.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// A message and its idempotency key.
struct Publication {
  std::string text;
  std::string key;
};

/// A process that publishes through a history session, under keys.
class PublisherProcess {
 public:
  PublisherProcess(World& world, RedisServers& servers, const FaultPlan& plan,
                   std::optional<Canary> canary, std::size_t index);

  void publish(Publication publication);
  /// Crashes and starts again. What waited is lost; what was sent may still arrive.
  void restart();

  [[nodiscard]] std::int64_t timestamp_ms() const { return clock_.timestamp_ms(); }
  void set_calendar(Duration wrong_by) { clock_.set_calendar(wrong_by); }
  void leap_clock(Duration span) { clock_.leap(span); }

  /// Its connection to Redis breaks.
  void break_redis_link() { broker_->break_off(); }
  void break_redis_link(const SimulatedRedis& server) { broker_->break_off(server); }
  [[nodiscard]] std::size_t waiting() const { return queue().waiting() + queue().in_flight(); }
  /// The acknowledged texts. They must have entered the history.
  [[nodiscard]] const std::vector<std::string>& acknowledged() const { return acknowledged_; }

 private:
  void start();
  void push(Publication publication);
  void on_fact(const broker::SessionFact& fact);
  [[nodiscard]] const broker::PublishQueue& queue() const { return broker_->session().queue(); }
  void check_limits() const;

  World& world_;
  RedisServers& servers_;
  const FaultPlan& plan_;
  const std::optional<Canary> canary_;
  const std::string name_;
  ProcessClock clock_;
  std::vector<std::string> acknowledged_;
  std::optional<Publication> swapped_;  // Held back by the canary.
  bool is_canary_due_ = true;
  std::uint64_t starts_ = 0;

  // Of the running process.
  std::size_t unanswered_ = 0;  // Publishes without a result yet.
  std::unique_ptr<RedisBroker> broker_;
};

}  // namespace regstream::simulation
