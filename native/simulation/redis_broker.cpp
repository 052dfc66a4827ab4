#include "simulation/redis_broker.hpp"

#include <utility>
#include <variant>

namespace regstream::simulation {

using broker::LinkRole;

RedisBroker::RedisBroker(World& world, RedisServers& servers, const FaultPlan& plan,
                         const ProcessClock& clock, const broker::HistorySessionOptions& options,
                         Handlers handlers)
    : world_(world),
      servers_(servers),
      plan_(plan),
      clock_(clock),
      handlers_(std::move(handlers)),
      session_(options) {
  advance_later();
}

void RedisBroker::publish(std::string message, std::string key, broker::PublishHandler done) {
  session_.publish(std::move(message), std::move(key), std::move(done), broker::Patience::waits);
  advance();
}

void RedisBroker::subscribe(broker::Subscriber& subscriber) {
  subscriber_ = &subscriber;
  session_.follow();
  advance_later();
}

void RedisBroker::catch_up() {
  session_.catch_up();
  advance_later();
}

void RedisBroker::advance_later() {
  world_.after({}, [this, is_alive = is_alive_] {
    if (*is_alive) {
      advance();
    }
  });
}

void RedisBroker::advance() {
  while (auto action = session_.poll(clock_.now())) {
    std::visit([this](auto& wanted) { act(wanted); }, *action);
  }
  arm();
  handlers_.on_advanced();
}

void RedisBroker::act(const broker::Connect& connect) {
  const LinkRole role = connect.link;
  if (role == LinkRole::finder) {
    connect_sentinel(connect.address);
    return;
  }
  if (role == LinkRole::caller && called_.value_or(connect.address) != connect.address) {
    world_.count(Situation::failover_followed);
  }
  if (role == LinkRole::caller) {
    called_ = connect.address;
  }
  RedisConnection::Handlers handlers;
  handlers.on_ready = [this, role] {
    session_.on_connected(role, clock_.now());
    advance();
  };
  handlers.on_reply = [this, role](broker::HistoryReply&& reply) {
    on_reply(role, std::move(reply));
  };
  handlers.on_message = [this](const std::string& message) {
    if (handlers_.on_message(message)) {
      session_.on_message(message);
    }
    advance();
  };
  handlers.on_drained = [this] {
    session_.on_channel_drained();
    advance();
  };
  handlers.on_cut = [this] { handlers_.on_cut(); };
  handlers.on_end = [this, role](const broker::RedisFailure& failure) { on_end(role, failure); };
  connection(role) = std::make_unique<RedisConnection>(
      world_, servers_.at(connect.address),
      RedisConnection::Options{
          .delay_max = plan_.delay_max, .held_max = plan_.held_max, .parted_until = parted_until_},
      std::move(handlers));
}

void RedisBroker::connect_sentinel(const broker::RedisAddress& address) {
  SentinelConnection::Handlers handlers;
  handlers.on_ready = [this] {
    session_.on_connected(LinkRole::finder, clock_.now());
    advance();
  };
  handlers.on_reply = [this](broker::HistoryReply&& reply) {
    on_reply(LinkRole::finder, std::move(reply));
  };
  handlers.on_end = [this](const broker::RedisFailure& failure) {
    on_end(LinkRole::finder, failure);
  };
  sentinel_ = std::make_unique<SentinelConnection>(world_, servers_, address, plan_.delay_max,
                                                   std::move(handlers));
  if (parted_until_ > world_.now()) {
    sentinel_->stall(parted_until_ - world_.now());
  }
}

void RedisBroker::on_reply(LinkRole role, broker::HistoryReply&& reply) {
  const auto* const page = std::get_if<broker::HistoryPage>(&reply);
  if (page != nullptr && !page->is_last) {
    world_.count(Situation::page_followed);
  }
  session_.on_reply(role, std::move(reply), clock_.now());
  advance();
}

void RedisBroker::on_end(LinkRole role, const broker::RedisFailure& failure) {
  if (role == LinkRole::finder) {
    sentinel_.reset();
  } else {
    connection(role).reset();
  }
  if (role == LinkRole::caller) {
    world_.count(Situation::publish_sent_again, session_.queue().in_flight());
  }
  session_.on_lost(role, failure, clock_.now());
  advance();
}

void RedisBroker::act(const broker::GiveUp& give_up) {
  if (give_up.link == LinkRole::finder) {
    sentinel_.reset();
    return;
  }
  if (give_up.link == LinkRole::waiter) {
    world_.note("a primary is found: what another server brings is given up");
    world_.count(Situation::primary_found);
  } else if (give_up.link == LinkRole::listener && session_.follower().adoption().is_overrun()) {
    world_.note("a channel that is too far behind is given up");
    world_.count(Situation::channel_left);
  }
  connection(give_up.link).reset();
}

void RedisBroker::act(broker::Call& call) {
  if (call.link == LinkRole::finder) {
    sentinel_->send();
  } else {
    connection(call.link)->send(std::move(call.command));
  }
}

void RedisBroker::act(const broker::PauseChannel& pause) {
  connection(LinkRole::listener)->pause(pause.pauses);
}

void RedisBroker::arm() {
  const auto deadline = session_.next_deadline();
  if (!deadline || (armed_ && *armed_ <= *deadline)) {
    return;  // The timer looks again when it is due.
  }
  armed_ = deadline;
  world_.after(clock_.until(*deadline), [this, is_alive = is_alive_, timer = ++timer_] {
    if (*is_alive && timer == timer_) {
      armed_.reset();
      session_.handle_deadline(clock_.now());
      advance();
    }
  });
}

void RedisBroker::break_off(LinkRole role) {
  if (role == LinkRole::finder) {
    if (sentinel_) {
      sentinel_->break_off();
    }
  } else if (connection(role)) {
    connection(role)->break_off();
  }
}

void RedisBroker::break_off() {
  break_off(LinkRole::caller);
  break_off(LinkRole::listener);
  break_off(LinkRole::waiter);
}

void RedisBroker::break_off(const SimulatedRedis& server) {
  for (const LinkRole role : broker::server_links) {
    if (connection(role) && connection(role)->leads_to(server)) {
      break_off(role);
    }
  }
}

void RedisBroker::stall(Duration span) {
  parted_until_ = world_.now() + span;
  for (const auto& each : connections_) {
    if (each) {
      each->stall(span);
    }
  }
  if (sentinel_) {
    sentinel_->stall(span);
  }
}

}  // namespace regstream::simulation
