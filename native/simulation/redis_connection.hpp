#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <regstream/broker/redis_options.hpp>

#include "broker/history/history_command.hpp"
#include "simulation/line.hpp"
#include "simulation/simulated_redis.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// One connection to the simulated Redis, over lines with simulated delays. Like
/// broker::RedisConnection, it doesn't reconnect.
class RedisConnection {
 public:
  /// No handler is called within a call of this class. Each may destroy the connection.
  struct Handlers {
    std::function<void()> on_ready;
    std::function<void(broker::HistoryReply&&)> on_reply;
    std::function<void(const std::string&)> on_message;
    /// What Redis held when a pause ended has come.
    std::function<void()> on_drained;
    /// Redis's limit for a subscriber that doesn't read was reached. The end follows.
    std::function<void()> on_cut;
    std::function<void(const broker::RedisFailure&)> on_end;  ///< The last call.
  };
  struct Options {
    Duration delay_max;
    std::size_t held_max;  ///< Messages that Redis holds for a subscriber that doesn't read.
    /// Nothing gets through before this time, not even a connect.
    Instant parted_until;
  };

  RedisConnection(World& world, SimulatedRedis& redis, const Options& options, Handlers handlers);
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;
  /// Redis may still run commands that were sent.
  ~RedisConnection();

  void send(broker::HistoryCommand command);
  /// True: stops reading. False: reads again.
  void pause(bool pauses);

  [[nodiscard]] bool leads_to(const SimulatedRedis& redis) const { return &redis_ == &redis; }
  [[nodiscard]] bool is_up() const { return from_redis_ != nullptr; }
  /// Breaks the connection, if it is up.
  void break_off();
  /// Nothing arrives for this long. A connection that is silent for longer than a PING may take
  /// ends, but Redis still gets what was sent on it.
  void stall(Duration span);

 private:
  using Subscription = std::shared_ptr<std::optional<std::uint64_t>>;

  /// In Redis: a command of this connection blocks (WAIT), and the commands after it wait.
  struct Blocked {
    bool is_blocked = false;
    std::deque<std::function<void()>> waiting;
    void go_on();
  };

  void connect(bool is_parted);
  void end(broker::RedisFailureKind kind);
  void cut_off();
  /// Calls `event` after `delay`, unless the connection is gone.
  void after(Duration delay, std::function<void()> event);

  World& world_;
  SimulatedRedis& redis_;
  const Options options_;
  const Handlers handlers_;
  std::shared_ptr<Line> to_redis_;
  std::shared_ptr<Line> from_redis_;  // Null if it is not up.
  Subscription subscription_ = std::make_shared<std::optional<std::uint64_t>>();
  std::shared_ptr<Blocked> blocked_ = std::make_shared<Blocked>();
  std::uint64_t redis_incarnation_ = 0;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
};

}  // namespace regstream::simulation
