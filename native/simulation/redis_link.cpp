#include "simulation/redis_link.hpp"

#include <utility>

namespace regstream::simulation {

RedisLink::RedisLink(World& world, SimulatedRedis& redis, Duration delay_max, std::uint64_t seed,
                     Handlers handlers)
    : world_(world),
      redis_(redis),
      delay_max_(delay_max),
      handlers_(std::move(handlers)),
      backoff_(timing_.backoff, seed) {}

RedisLink::~RedisLink() {
  *is_alive_ = false;
  drop_connection();
}

void RedisLink::connect() {
  const auto number = ++connection_;
  const bool is_parted = world_.now() < stalled_until_;
  const Duration wait = is_parted ? timing_.connect_timeout : world_.between({}, delay_max_ * 2);
  world_.after(wait, [this, alive = is_alive_, number, is_parted] {
    if (!*alive || number != connection_) {
      return;
    }
    if (is_parted || !redis_.is_up()) {
      go_down();
      return;
    }
    to_redis_ = std::make_shared<Line>(world_, delay_max_);
    from_redis_ = std::make_shared<Line>(world_, delay_max_);
    subscription_ = std::make_shared<std::optional<std::uint64_t>>();
    up_since_ = world_.now();
    handlers_.on_up();
  });
}

void RedisLink::send(std::function<void(SimulatedRedis&)> at_redis) {
  if (!is_up()) {
    return;
  }
  to_redis_->send(
      [&redis = redis_, at_redis = std::move(at_redis), incarnation = redis_.incarnation()] {
        if (redis.is_up() && redis.incarnation() == incarnation) {
          at_redis(redis);
        }
      });
}

void RedisLink::await(EventId after, SimulatedRedis::Wake awaited) {
  send([after, awaited = std::move(awaited), back = from_redis_](SimulatedRedis& redis) {
    redis.await(after, [back, awaited](const std::vector<broker::HistoryEntry>& entries) {
      back->send([awaited, entries] { awaited(entries); });
    });
  });
}

void RedisLink::subscribe(std::function<void()> subscribed, SimulatedRedis::Hear hear,
                          std::size_t held_max, std::function<void()> cut) {
  auto end = [this, alive = is_alive_, number = connection_, cut = std::move(cut)] {
    if (*alive && number == connection_ && is_up()) {
      world_.note("redis: ends the connection of a subscriber that does not read");
      world_.count(Sight::subscriber_cut);
      cut();
      go_down();
    }
  };
  send([&world = world_, subscribed = std::move(subscribed), hear = std::move(hear),
        end = std::move(end), held_max, back = from_redis_,
        subscription = subscription_](SimulatedRedis& redis) {
    if (back->is_cut()) {
      return;
    }
    *subscription =
        redis.subscribe([&world, back, hear, end, held_max](const std::string& message) {
          back->send([hear, message] { hear(message); });
          if (back->is_held() && back->waiting() > held_max) {
            world.after({}, end);
          }
        });
    back->send(subscribed);
  });
}

void RedisLink::pause(bool pauses, const std::function<void()>& drained) {
  if (!is_up() || from_redis_->is_held() == pauses) {
    return;
  }
  from_redis_->hold(pauses);
  if (pauses) {
    world_.count(Sight::hearing_paused);
    return;
  }
  call<bool>([](SimulatedRedis& /*redis*/) { return true; },
             [drained, line = std::weak_ptr{from_redis_}](bool /*answer*/) {
               if (const auto same = line.lock(); same && !same->is_held()) {
                 drained();
               }
             });
}

void RedisLink::break_off() {
  if (is_up()) {
    go_down();
  }
}

void RedisLink::stall(Duration span) {
  stalled_until_ = world_.now() + span;
  if (!is_up()) {
    return;
  }
  to_redis_->stall(span);
  from_redis_->stall(span);
  const Duration patience = timing_.ping_interval + timing_.reply_timeout;
  if (span > patience) {
    world_.after(patience, [this, alive = is_alive_, number = connection_] {
      if (*alive && number == connection_ && is_up()) {
        go_down();
      }
    });
  }
}

void RedisLink::drop_connection() {
  if (from_redis_) {
    from_redis_->cut();
    if (subscription_->has_value()) {
      redis_.unsubscribe(**subscription_);
    }
  }
  // The line to Redis lives on until everything on it has arrived.
  to_redis_.reset();
  from_redis_.reset();
}

void RedisLink::go_down() {
  drop_connection();
  if (up_since_ && world_.now() - *up_since_ >= timing_.stable_after) {
    backoff_.reset();
  }
  up_since_.reset();
  const auto number = ++connection_;
  world_.after(backoff_.next_delay(Duration::zero()), [this, alive = is_alive_, number] {
    if (*alive && number == connection_) {
      connect();
    }
  });
  handlers_.on_down();
}

}  // namespace regstream::simulation
