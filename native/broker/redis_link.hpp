#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <regstream/connection/backoff.hpp>

#include "broker/redis_connection.hpp"

namespace regstream::broker {

/// A connection to Redis that comes back by itself, later each time until it has proved stable.
/// Each looks the host's name up anew.
class RedisLink : public std::enable_shared_from_this<RedisLink> {
 public:
  /// As those of `RedisConnection`; `on_up` and `on_down` alternate, but for `on_down` of attempts
  /// that never came up.
  struct Handlers {
    std::function<void()> on_up;
    std::function<void(const redisReply&)> on_reply;
    std::function<void(std::string_view)> on_message;
    std::function<void()> on_behind = {};
    std::function<void()> on_drained = {};
    std::function<void(const RedisFailure&)> on_down;
  };

  RedisLink(boost::asio::io_context& context, const RedisOptions& options, std::uint64_t seed,
            Handlers handlers);

  void start();
  [[nodiscard]] bool is_up() const { return up_since_.has_value(); }
  void send(std::initializer_list<std::string_view> command);
  void send(const Command& command);
  /// As of `RedisConnection`; a new connection is not paused.
  void pause(bool pauses);
  /// Gives this connection up, as if it had ended with `failure`.
  void give_up(const RedisFailure& failure);
  /// The same, unless there is no connection: the next one is on its way then.
  void renew(const RedisFailure& reason);

 private:
  void connect();

  boost::asio::io_context& context_;
  const RedisOptions options_;
  const Handlers handlers_;
  Backoff backoff_;
  boost::asio::steady_timer retry_;
  std::unique_ptr<RedisConnection> connection_;  // Null while waiting for the next attempt.
  std::optional<std::chrono::steady_clock::time_point> up_since_;
};

}  // namespace regstream::broker
