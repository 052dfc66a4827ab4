#include "simulation/redis_connection.hpp"

#include <utility>
#include <variant>

namespace regstream::simulation {

RedisConnection::RedisConnection(World& world, SimulatedRedis& redis, const Options& options,
                                 Handlers handlers)
    : world_(world), redis_(redis), options_(options), handlers_(std::move(handlers)) {
  const bool is_parted = world_.now() < options_.parted_until;
  after(is_parted ? broker::RedisTiming{}.connect_timeout
                  : world_.between({}, options_.delay_max * 2),
        [this, is_parted] { connect(is_parted); });
}

RedisConnection::~RedisConnection() {
  *is_alive_ = false;
  if (from_redis_) {
    from_redis_->cut();
    if (subscription_->has_value()) {
      redis_.unsubscribe(**subscription_);
    }
  }
  // The line to Redis lives until everything on it has arrived.
}

void RedisConnection::after(Duration delay, std::function<void()> event) {
  world_.after(delay, [is_alive = is_alive_, event = std::move(event)] {
    if (*is_alive) {
      event();
    }
  });
}

void RedisConnection::connect(bool is_parted) {
  if (is_parted || !redis_.is_up()) {
    end(is_parted ? broker::RedisFailureKind::timed_out : broker::RedisFailureKind::refused);
    return;
  }
  to_redis_ = std::make_shared<Line>(world_, options_.delay_max);
  from_redis_ = std::make_shared<Line>(world_, options_.delay_max);
  redis_incarnation_ = redis_.incarnation();
  handlers_.on_ready();
}

void RedisConnection::send(broker::HistoryCommand command) {
  // Anything arrives here only while `from_redis_` is not cut, so `this` still exists.
  const auto reply = [this, back = from_redis_](const broker::HistoryReply& answer) {
    back->send([this, copy = answer]() mutable { handlers_.on_reply(std::move(copy)); });
  };
  const auto hear = [this, back = from_redis_](const std::string& message) {
    back->send([this, message] { handlers_.on_message(message); });
    if (back->is_held() && back->waiting() > options_.held_max) {
      after({}, [this] { cut_off(); });
    }
  };
  to_redis_->send([&redis = redis_, &world = world_, incarnation = redis_incarnation_,
                   back = from_redis_, subscription = subscription_, blocked = blocked_, reply,
                   hear, command = std::move(command)] {
    auto run = [&redis, &world, incarnation, back, subscription, reply, hear, command,
                behind = std::weak_ptr<Blocked>{blocked}] {
      if (!redis.reaches(incarnation)) {
        return;
      }
      const bool is_replaced = redis.is_replaced(incarnation);
      if (back->is_cut()) {
        world.count(Situation::call_outlived_link);
      } else if (std::holds_alternative<broker::SubscribeChannels>(command) && !is_replaced) {
        *subscription = redis.subscribe(hear);
      }
      if (const auto* const await = std::get_if<broker::AwaitHistory>(&command)) {
        if (!is_replaced) {
          redis.await(await->after, reply);
        }
        return;
      }
      if (const auto* const await = std::get_if<broker::AwaitReplicas>(&command)) {
        const auto waits = behind.lock();
        if (waits) {
          waits->is_blocked = true;
        }
        redis.await_replicas(*await, [waits, reply](broker::ReplicasReached reached) {
          reply(reached);
          if (waits) {
            waits->go_on();
          }
        });
        return;
      }
      const auto answer = redis.answer(command, incarnation);
      for (auto left = broker::replies_to(broker::question_of(command)); left > 0; --left) {
        reply(answer);
      }
    };
    if (blocked->is_blocked) {
      blocked->waiting.emplace_back(std::move(run));
    } else {
      run();
    }
  });
}

/// Runs the commands that came meanwhile, until one blocks again.
void RedisConnection::Blocked::go_on() {
  is_blocked = false;
  while (!is_blocked && !waiting.empty()) {
    const auto run = std::move(waiting.front());
    waiting.pop_front();
    run();
  }
}

void RedisConnection::pause(bool pauses) {
  if (!is_up() || from_redis_->is_held() == pauses) {
    return;
  }
  from_redis_->hold(pauses);
  if (pauses) {
    world_.count(Situation::hearing_paused);
    return;
  }
  // A PING and its reply.
  to_redis_->send([this, back = from_redis_] {
    back->send([this] {
      if (!from_redis_->is_held()) {
        handlers_.on_drained();
      }
    });
  });
}

void RedisConnection::cut_off() {
  world_.note("redis: ends the connection of a subscriber that does not read");
  world_.count(Situation::subscriber_cut);
  handlers_.on_cut();
  end(broker::RedisFailureKind::lost);
}

void RedisConnection::break_off() {
  if (is_up()) {
    end(broker::RedisFailureKind::lost);
  }
}

void RedisConnection::stall(Duration span) {
  if (!is_up()) {
    return;
  }
  to_redis_->stall(span);
  from_redis_->stall(span);
  const broker::RedisTiming timing;
  const Duration patience = timing.ping_interval + timing.reply_timeout;
  if (span > patience) {
    after(patience, [this] { end(broker::RedisFailureKind::silent); });
  }
}

void RedisConnection::end(broker::RedisFailureKind kind) {
  handlers_.on_end({kind, "lost redis"});
}

}  // namespace regstream::simulation
