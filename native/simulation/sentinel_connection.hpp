#pragma once

#include <functional>
#include <memory>

#include <regstream/broker/redis_options.hpp>

#include "broker/history/failure.hpp"
#include "broker/history/history_command.hpp"
#include "simulation/line.hpp"
#include "simulation/redis_servers.hpp"
#include "simulation/world.hpp"

namespace regstream::simulation {

/// One connection to a sentinel, over lines with simulated delays. It doesn't reconnect.
class SentinelConnection {
 public:
  /// No handler is called within a call of this class. Each may destroy the connection.
  struct Handlers {
    std::function<void()> on_ready;
    std::function<void(broker::HistoryReply&&)> on_reply;
    std::function<void(const broker::RedisFailure&)> on_end;  ///< The last call.
  };

  SentinelConnection(World& world, RedisServers& servers, broker::RedisAddress address,
                     Duration delay_max, Handlers handlers);
  SentinelConnection(const SentinelConnection&) = delete;
  SentinelConnection& operator=(const SentinelConnection&) = delete;
  ~SentinelConnection();

  /// Sends `AskSentinel`.
  void send();
  void break_off();
  /// Nothing arrives for this long.
  void stall(Duration span);

 private:
  RedisServers& servers_;
  const broker::RedisAddress address_;
  const Handlers handlers_;
  std::shared_ptr<Line> there_;
  std::shared_ptr<Line> back_;
};

}  // namespace regstream::simulation
