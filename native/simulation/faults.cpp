#include "simulation/faults.hpp"

#include <string>
#include <utility>

#include "simulation/forgery.hpp"

namespace regstream::simulation {
namespace {

/// How long a process or Redis stays down, or a network stays parted.
constexpr Duration down_max{20'000};
constexpr Duration stall_max{50'000};
constexpr Duration drain_max{5'000};
constexpr Duration leap_max{90'000};
constexpr Duration refusal_max{60'000};
constexpr Duration failover_max{30'000};
constexpr std::uint64_t forged_at_once_max = 8;
/// A gateway's connections to a server at a fixed address: caller, listener and waiter.
constexpr std::size_t fixed_links = 3;

/// How many updates a second may have. A Redis that syncs once a second may lose them.
constexpr std::size_t lost_writes_max = 20;

/// Clients have begun by then.
constexpr Instant clients_from{Duration{20'000}};

Duration any_span(Chance& chance, Duration most) {
  return chance.between(Duration{1}, most);
}

/// How long a gateway's fault lasts.
Duration span_of(Fault fault, Chance& chance) {
  if (fault == Fault::drain_gateway) {
    return drain_max;
  }
  const bool only_waits = fault == Fault::part_clients || fault == Fault::stall_redis_link;
  return any_span(chance, only_waits ? stall_max : down_max);
}

}  // namespace

Faults::Faults(Cast& cast, std::vector<Cast*> guests)
    : cast_(cast),
      casts_([&] {
        guests.insert(guests.begin(), &cast);
        return std::move(guests);
      }()),
      world_(cast.world),
      schedule_(cast.seed, cast.plan.faults, cast.plan.fault_interval_max) {}

void Faults::begin() {
  if (!schedule_.empty()) {
    plan_next();
  }
}

void Faults::end() {
  is_over_ = true;
  for (Cast* const cast : casts_) {
    cast->redis().come_up();
    cast->redis().refuse_writes(false);
    cast->redis().promote(false);
    cast->servers.recover();
    for (const auto& gateway : cast->gateways) {
      gateway->start();
    }
  }
  for (const auto& client : cast_.clients) {
    client->settle();
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

std::size_t Faults::any_gateway(Chance& chance) {
  return chance.index(cast_.gateways.size());
}

ProcessClock& Faults::any_gateway_clock(Chance& chance) {
  return *cast_.gateways[any_gateway(chance)]->clock();
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
      if (cast_.redis().is_up() && chance.chance(200)) {
        world_.count(fault);
        world_.note("redis: is emptied");
        for (Cast* const cast : casts_) {
          cast->redis().flush();
        }
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
    case Fault::kill_primary:
    case Fault::cut_off_primary:
    case Fault::hand_over_primary:
      replace_primary(fault, chance);
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

void Faults::commit(Fault fault, std::size_t gateway, Chance& chance) {
  if (!cast_.gateways[gateway]->is_running()) {
    return;
  }
  world_.count(fault);
  if (fault == Fault::break_redis_link) {
    cast_.gateways[gateway]->break_redis_link(static_cast<broker::LinkRole>(
        chance.index(cast_.plan.servers > 1 ? broker::link_roles_count : fixed_links)));
    return;
  }
  const Duration span = span_of(fault, chance);
  for (Cast* const cast : casts_) {
    GatewayProcess& part = *cast->gateways[gateway];
    if (fault == Fault::part_clients) {
      part.streams().stall(span);
    } else if (fault == Fault::stall_redis_link) {
      part.stall_redis_links(span);
    } else if (fault == Fault::drain_gateway) {
      part.streams().drain();
    } else {
      part.crash(fault == Fault::crash_gateway);
    }
  }
  if (fault == Fault::drain_gateway) {
    world_.after(span, [this, gateway] {
      for (Cast* const cast : casts_) {
        cast->gateways[gateway]->crash(true);
        cast->gateways[gateway]->start();
      }
    });
  } else if (fault == Fault::crash_gateway || fault == Fault::cut_gateway_power) {
    start_later(gateway, span);
  }
}

void Faults::start_later(std::size_t gateway, Duration wait) {
  world_.after(wait, [this, gateway] {
    for (Cast* const cast : casts_) {
      cast->gateways[gateway]->start();
    }
  });
}

void Faults::restart_redis(bool with_older_data, Chance& chance) {
  if (!cast_.redis().is_up()) {
    return;
  }
  if (with_older_data && chance.chance(700)) {
    for (Cast* const cast : casts_) {
      cast->redis().save();
    }
    return;
  }
  world_.note(with_older_data ? "redis: restarts with older data" : "redis: restarts");
  world_.count(with_older_data ? Fault::restore_redis : Fault::restart_redis);
  for (Cast* const cast : casts_) {
    cast->redis().go_down();
    for (const auto& gateway : cast->gateways) {
      gateway->break_redis_links();
    }
    for (const auto& publisher : cast->publishers) {
      publisher->break_redis_link();
    }
    if (with_older_data) {
      cast->redis().restore();
    }
  }
  come_up_later(any_span(chance, down_max));
}

void Faults::come_up_later(Duration wait) {
  world_.after(wait, [this] {
    for (Cast* const cast : casts_) {
      cast->redis().come_up();
    }
  });
}

/// Stops the machines of Redis, of all gateways and of the publishers.
void Faults::lose_power(Chance& chance) {
  if (!cast_.redis().is_up()) {
    return;
  }
  world_.note("everything loses its power");
  world_.count(Fault::lose_power);
  for (std::size_t gateway = 0; gateway < cast_.gateways.size(); ++gateway) {
    for (Cast* const cast : casts_) {
      cast->gateways[gateway]->crash(false);
    }
    start_later(gateway, any_span(chance, down_max));
  }
  const std::size_t lost = chance.index(lost_writes_max);
  for (Cast* const cast : casts_) {
    for (std::size_t publisher = 0; publisher < cast->publishers.size(); ++publisher) {
      cast->crash_publisher(publisher);
    }
    cast->redis().go_down();
    cast->redis().lose_writes(lost);
  }
  come_up_later(any_span(chance, down_max));
}

void Faults::refuse_writes(Chance& chance) {
  if (cast_.redis().refuses_writes()) {
    return;
  }
  world_.count(Fault::refuse_writes);
  const auto refuse = [this](bool refuses) {
    for (Cast* const cast : casts_) {
      cast->redis().refuse_writes(refuses);
    }
  };
  refuse(true);
  world_.after(any_span(chance, refusal_max), [refuse] { refuse(false); });
}

void Faults::fail_over(Chance& chance) {
  if (!cast_.redis().is_up() || cast_.redis().is_demoted()) {
    return;
  }
  world_.count(Fault::fail_over_redis);
  for (Cast* const cast : casts_) {
    cast->redis().demote();
  }
  const Duration span = any_span(chance, failover_max);
  const bool is_other = chance.chance(700);
  world_.after(span, [this, is_other] {
    for (Cast* const cast : casts_) {
      cast->redis().promote(is_other);
    }
  });
}

void Faults::replace_primary(Fault fault, const Chance& chance) {
  for (Cast* const cast : casts_) {
    const auto break_links = [cast](const SimulatedRedis& server) {
      for (const auto& gateway : cast->gateways) {
        gateway->break_redis_links(server);
      }
      for (const auto& publisher : cast->publishers) {
        publisher->break_redis_link(server);
      }
    };
    if (cast->servers.fail_over(fault, chance, break_links) && cast == &cast_) {
      world_.count(fault);
    }
  }
}

void Faults::forge_messages(Chance& chance) {
  if (!cast_.redis().is_up()) {
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
      any_gateway_clock(chance).set_calendar(wrong_by);
      return;
    case 1:
      any_client(chance).set_calendar(wrong_by);
      return;
    case 2:
      for (Cast* const cast : casts_) {
        cast->redis().advance_calendar(wrong_by);
      }
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
      any_gateway_clock(chance).leap(span);
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
