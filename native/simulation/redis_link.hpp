#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>

#include "simulation/line.hpp"
#include "simulation/simulated_redis.hpp"

namespace regstream::simulation {

/// A connection to the simulated Redis that comes back by itself, as broker::RedisLink does.
class RedisLink {
 public:
  struct Handlers {
    std::function<void()> on_up;
    std::function<void()> on_down;
  };

  RedisLink(World& world, SimulatedRedis& redis, Duration delay_max, std::uint64_t seed,
            Handlers handlers);
  RedisLink(const RedisLink&) = delete;
  RedisLink& operator=(const RedisLink&) = delete;
  /// The process is gone; what it has sent may be carried out still.
  ~RedisLink();

  void connect();
  [[nodiscard]] bool is_up() const { return up_since_.has_value(); }

  /// Calls `at_redis` there, and `answered` with what that gave here.
  template <typename Result>
  void call(std::function<Result(SimulatedRedis&)> at_redis, std::function<void(Result)> answered) {
    send([at_redis = std::move(at_redis), answered = std::move(answered), back = from_redis_,
          &world = world_](SimulatedRedis& redis) {
      if (back->is_cut()) {
        world.count(Sight::call_outlived_link);
      }
      Result result = at_redis(redis);
      back->send([answered, result = std::move(result)] { answered(result); });
    });
  }
  /// Calls `awaited` with the first entries after `after`, when there are any.
  void await(EventId after, SimulatedRedis::Wake awaited);
  /// Hears the channel from when that reaches Redis on. Redis ends the connection when it holds
  /// more than `held_max` messages that the receiver, which has paused, does not take: `cut` is
  /// called.
  void subscribe(std::function<void()> subscribed, SimulatedRedis::Hear hear, std::size_t held_max,
                 std::function<void()> cut);
  /// Reads nothing, or again. `drained` is called when all that Redis had sent by then has come.
  void pause(bool pauses, const std::function<void()>& drained);

  /// The connection breaks.
  void break_off();
  /// Nothing arrives for this long. A link that is silent for longer than a PING may take is given
  /// up; but what was sent on it arrives at Redis all the same.
  void stall(Duration span);

 private:
  void send(std::function<void(SimulatedRedis&)> at_redis);
  void go_down();
  void drop_connection();

  World& world_;
  SimulatedRedis& redis_;
  const Duration delay_max_;
  const Handlers handlers_;
  const broker::RedisTiming timing_;
  Backoff backoff_;
  std::shared_ptr<Line> to_redis_;
  std::shared_ptr<Line> from_redis_;
  std::shared_ptr<std::optional<std::uint64_t>> subscription_;
  std::shared_ptr<bool> is_alive_ = std::make_shared<bool>(true);
  std::uint64_t connection_ = 0;
  std::optional<Instant> up_since_;
  Instant stalled_until_{};
};

}  // namespace regstream::simulation
