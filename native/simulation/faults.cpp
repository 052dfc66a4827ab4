#include "simulation/faults.hpp"

#include <string>

#include "simulation/forgery.hpp"

namespace regstream::simulation {
namespace {

/// How long a process or Redis stays down, and a network apart.
constexpr Duration down_max{20'000};
constexpr Duration stall_max{50'000};
constexpr Duration drain_max{5'000};
constexpr Duration leap_max{90'000};
constexpr Duration refusal_max{60'000};
constexpr Duration failover_max{30'000};
constexpr std::uint64_t forged_at_once_max = 8;

/// What a second of updates may be, which a Redis that syncs once a second may lose.
constexpr std::size_t lost_writes_max = 20;

/// Clients have begun by then.
constexpr Instant clients_from{Duration{20'000}};

Duration any_span(Chance& chance, Duration most) {
  return chance.between(Duration{1}, most);
}

}  // namespace

Faults::Faults(Cast& cast, std::uint64_t seed)
    : cast_(cast),
      world_(cast.world),
      schedule_(seed, cast.plan.faults, cast.plan.fault_interval_max) {}

void Faults::begin() {
  if (!schedule_.empty()) {
    plan_next();
  }
}

void Faults::end() {
  is_over_ = true;
  cast_.redis.come_up();
  cast_.redis.refuse_writes(false);
  cast_.redis.promote(false);
  for (const auto& gateway : cast_.gateways) {
    gateway->start();
  }
  for (const auto& client : cast_.clients) {
    client->signal_online();
  }
}

void Faults::plan_next() {
  const FaultSchedule::Next next = schedule_.next();
  world_.after(next.time - world_.now(),
               [this, fault = next.fault, chance = next.chance]() mutable {
                 if (!is_over_) {
                   commit(fault, chance);
                   plan_next();
                 }
               });
}

GatewayProcess& Faults::any_gateway(Chance& chance) {
  return *cast_.gateways[chance.index(cast_.gateways.size())];
}

ClientProcess& Faults::any_client(Chance& chance) {
  return *cast_.clients[chance.index(cast_.clients.size())];
}

PublisherProcess& Faults::any_publisher(Chance& chance) {
  return *cast_.publishers[chance.index(cast_.publishers.size())];
}

void Faults::commit(Fault fault, Chance& chance) {
  switch (fault) {
    case Fault::reset_stream:
    case Fault::stall_stream:
    case Fault::half_open_stream:
    case Fault::restart_client:
    case Fault::sleep_client:
    case Fault::signal_client:
      if (world_.now() > clients_from) {
        commit(fault, any_client(chance), chance);
      }
      return;
    case Fault::part_clients:
    case Fault::crash_gateway:
    case Fault::cut_gateway_power:
    case Fault::drain_gateway:
    case Fault::break_redis_link:
    case Fault::stall_redis_link:
      commit(fault, any_gateway(chance), chance);
      return;
    case Fault::restart_redis:
    case Fault::restore_redis:
      restart_redis(fault == Fault::restore_redis, chance);
      return;
    case Fault::lose_power:
      lose_power(chance);
      return;
    case Fault::flush_redis:
      if (cast_.redis.is_up() && chance.chance(200)) {
        world_.count(fault);
        world_.note("redis: is emptied");
        cast_.redis.flush();
      }
      return;
    case Fault::set_calendar:
      world_.count(fault);
      set_calendar(chance);
      return;
    case Fault::leap_clock:
      world_.count(fault);
      leap_clock(chance);
      return;
    case Fault::refuse_writes:
      refuse_writes(chance);
      return;
    case Fault::fail_over_redis:
      fail_over(chance);
      return;
    case Fault::forge_messages:
      forge_messages(chance);
      return;
    case Fault::crash_publisher:
      world_.count(fault);
      cast_.crash_publisher(chance.index(cast_.publishers.size()));
      return;
  }
}

void Faults::commit(Fault fault, ClientProcess& client, Chance& chance) {
  const bool needs_stream = fault == Fault::reset_stream || fault == Fault::stall_stream ||
                            fault == Fault::half_open_stream;
  if (needs_stream && !client.stream()) {
    return;
  }
  world_.count(fault);
  if (fault == Fault::restart_client) {
    client.restart(chance.chance(500));
  } else if (fault == Fault::sleep_client) {
    client.sleep(any_span(chance, stall_max));
  } else if (fault == Fault::signal_client) {
    client.signal();
  } else {
    world_.note("fault: " + std::string{to_string(fault)});
    if (fault == Fault::reset_stream) {
      client.stream()->reset();
    } else if (fault == Fault::stall_stream) {
      client.stream()->stall(any_span(chance, stall_max));
    } else {
      client.stream()->lose_peer();
    }
  }
}

void Faults::commit(Fault fault, GatewayProcess& gateway, Chance& chance) {
  if (!gateway.is_running()) {
    return;
  }
  world_.count(fault);
  const auto restart_later = [this, &gateway](Duration wait) {
    world_.after(wait, [&gateway] { gateway.start(); });
  };
  if (fault == Fault::part_clients) {
    gateway.streams().stall(any_span(chance, stall_max));
  } else if (fault == Fault::break_redis_link) {
    gateway.break_redis_link(static_cast<broker::LinkRole>(chance.index(broker::link_roles_count)));
  } else if (fault == Fault::stall_redis_link) {
    gateway.stall_redis_links(any_span(chance, stall_max));
  } else if (fault == Fault::drain_gateway) {
    gateway.streams().drain();
    world_.after(drain_max, [&gateway] {
      gateway.crash(true);
      gateway.start();
    });
  } else {
    gateway.crash(fault == Fault::crash_gateway);
    restart_later(any_span(chance, down_max));
  }
}

void Faults::restart_redis(bool with_older_data, Chance& chance) {
  if (!cast_.redis.is_up()) {
    return;
  }
  if (with_older_data && chance.chance(700)) {
    cast_.redis.save();
    return;
  }
  world_.note(with_older_data ? "redis: restarts with older data" : "redis: restarts");
  world_.count(with_older_data ? Fault::restore_redis : Fault::restart_redis);
  cast_.redis.go_down();
  for (const auto& gateway : cast_.gateways) {
    gateway->break_redis_links();
  }
  for (const auto& publisher : cast_.publishers) {
    publisher->break_redis_link();
  }
  if (with_older_data) {
    cast_.redis.restore();
  }
  world_.after(any_span(chance, down_max), [this] { cast_.redis.come_up(); });
}

/// The machines of Redis, of all gateways and of the publishers.
void Faults::lose_power(Chance& chance) {
  if (!cast_.redis.is_up()) {
    return;
  }
  world_.note("everything loses its power");
  world_.count(Fault::lose_power);
  for (const auto& gateway : cast_.gateways) {
    gateway->crash(false);
    world_.after(any_span(chance, down_max), [&gateway] { gateway->start(); });
  }
  for (std::size_t publisher = 0; publisher < cast_.publishers.size(); ++publisher) {
    cast_.crash_publisher(publisher);
  }
  cast_.redis.go_down();
  cast_.redis.lose_writes(chance.index(lost_writes_max));
  world_.after(any_span(chance, down_max), [this] { cast_.redis.come_up(); });
}

void Faults::refuse_writes(Chance& chance) {
  if (!cast_.redis.refuses_writes()) {
    world_.count(Fault::refuse_writes);
    cast_.redis.refuse_writes(true);
    world_.after(any_span(chance, refusal_max), [this] { cast_.redis.refuse_writes(false); });
  }
}

void Faults::fail_over(Chance& chance) {
  if (cast_.redis.is_up() && !cast_.redis.is_demoted()) {
    world_.count(Fault::fail_over_redis);
    cast_.redis.demote();
    const Duration span = any_span(chance, failover_max);
    const bool is_other = chance.chance(700);
    world_.after(span, [this, is_other] { cast_.redis.promote(is_other); });
  }
}

void Faults::forge_messages(Chance& chance) {
  if (!cast_.redis.is_up()) {
    return;
  }
  world_.count(Fault::forge_messages);
  for (auto left = chance.between(std::uint64_t{1}, forged_at_once_max); left > 0; --left) {
    forge_message(cast_, ++forged_, chance);
  }
}

void Faults::set_calendar(Chance& chance) {
  const Duration wrong_by = Duration{-3'600'000} + chance.between({}, Duration{7'200'000});
  switch (chance.index(4)) {
    case 0:
      any_gateway(chance).set_calendar(wrong_by);
      return;
    case 1:
      any_client(chance).set_calendar(wrong_by);
      return;
    case 2:
      cast_.redis.advance_calendar(wrong_by);
      return;
    default:
      any_publisher(chance).set_calendar(wrong_by);
      return;
  }
}

void Faults::leap_clock(Chance& chance) {
  const Duration span = any_span(chance, leap_max);
  world_.note("fault: a clock leaps " + std::to_string(span.count()) + " ms");
  switch (chance.index(3)) {
    case 0:
      any_gateway(chance).leap_clock(span);
      return;
    case 1:
      any_client(chance).leap_clock(span);
      return;
    default:
      any_publisher(chance).leap_clock(span);
      return;
  }
}

}  // namespace regstream::simulation
