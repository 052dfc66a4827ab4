#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <regstream/broker/broker.hpp>

#include "broker/history/history_session.hpp"
#include "simulation/fault_plan.hpp"
#include "simulation/process_clock.hpp"
#include "simulation/redis_connection.hpp"
#include "simulation/redis_servers.hpp"
#include "simulation/sentinel_connection.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// The real history session of one process, with connections to the simulated Redis, as
/// broker::RedisBroker has sockets. It ends with its process.
class RedisBroker {
 public:
  struct Handlers {
    /// A message on the channel. Return false to hide it from the session.
    std::function<bool(const std::string&)> on_message;
    /// Redis ends the channel's connection before all of its messages were read.
    std::function<void()> on_cut;
    std::function<void(const broker::SessionFact&)> on_fact;
    /// All actions of the session were carried out.
    std::function<void()> on_advanced;
  };

  /// All arguments except `options` and `handlers` must outlive it.
  RedisBroker(World& world, RedisServers& servers, const FaultPlan& plan, const ProcessClock& clock,
              const broker::HistorySessionOptions& options, Handlers handlers);
  RedisBroker(const RedisBroker&) = delete;
  RedisBroker& operator=(const RedisBroker&) = delete;
  ~RedisBroker() { *is_alive_ = false; }

  void publish(std::string message, std::string key, broker::PublishHandler done);
  void subscribe(broker::Subscriber& subscriber);
  void catch_up();

  void break_off(broker::LinkRole role);
  void break_off();
  /// Breaks the connections that lead to `server`.
  void break_off(const SimulatedRedis& server);
  /// Nothing arrives in either direction for this long.
  void stall(Duration span);

  [[nodiscard]] const broker::HistorySession& session() const { return session_; }

 private:
  void advance();
  void advance_later();
  void act(const broker::Connect& connect);
  void connect_sentinel(const broker::RedisAddress& address);
  void act(const broker::GiveUp& give_up);
  void act(broker::Call& call);
  void act(const broker::PauseChannel& pause);
  void act(const broker::BeginHistory& begin) { subscriber_->on_history(begin.position); }
  void act(const broker::DeliverMessage& delivery) {
    subscriber_->on_message(delivery.id, delivery.message);
  }
  void act(const broker::GoLive& /*live*/) { subscriber_->on_live(); }
  void act(const broker::CaughtUp& /*caught_up*/) { subscriber_->on_caught_up(); }
  void act(const broker::PublishEnded& ended) { ended.done(ended.result); }
  void act(const broker::SessionFact& fact) { handlers_.on_fact(fact); }
  void on_reply(broker::LinkRole role, broker::HistoryReply&& reply);
  void on_end(broker::LinkRole role, const broker::RedisFailure& failure);
  void arm();
  [[nodiscard]] std::unique_ptr<RedisConnection>& connection(broker::LinkRole role) {
    return connections_.at(static_cast<std::size_t>(role));
  }

  World& world_;
  RedisServers& servers_;
  const FaultPlan& plan_;
  const ProcessClock& clock_;
  const Handlers handlers_;
  broker::HistorySession session_;
  broker::Subscriber* subscriber_ = nullptr;
  std::array<std::unique_ptr<RedisConnection>, broker::server_links.size()> connections_;
  std::unique_ptr<SentinelConnection> sentinel_;
  std::optional<broker::RedisAddress> called_;  // The caller's last server.
  Instant parted_until_{};
  std::optional<Instant> armed_;  // When the timer is due.
  std::uint64_t timer_ = 0;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace regstream::simulation
