#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regstream::simulation {

/// What may go wrong in the faulty part of a run.
enum class Fault : std::uint8_t {
  reset_stream,      ///< A client's connection breaks; bytes on their way are lost.
  stall_stream,      ///< Nothing arrives for a while, then all of it.
  half_open_stream,  ///< Nothing arrives any more, and neither side notices.
  part_clients,      ///< Nothing arrives between a gateway and its clients for a while.
  restart_client,    ///< A page is closed and opened, with or without its stored state.
  sleep_client,      ///< A client's machine sleeps: its bytes wait, and its timers are late.
  signal_client,     ///< Online, offline, visible or restored, in any order, true or not.
  crash_gateway,
  cut_gateway_power,  ///< Its connections don't close.
  drain_gateway,      ///< A restart in good order.
  break_redis_link,
  stall_redis_link,  ///< Redis may run a command long after its sender gave it up.
  restart_redis,
  flush_redis,
  restore_redis,    ///< Redis restarts with older data.
  set_calendar,     ///< A process's calendar, to an earlier or later time; Redis's to a later one.
  leap_clock,       ///< A process's monotonic clock leaps, because its machine was suspended.
  crash_publisher,  ///< What waits in it is lost; what it has sent may still arrive.
  refuse_writes,    ///< Redis answers, but refuses writes for a while.
  lose_power,       ///< All processes except clients stop, and Redis loses its last writes.
  fail_over_redis,  ///< Redis is a replica for a while; then it or another server is the primary.
  forge_messages,   ///< A stranger publishes messages with invented ids on the channel.
  kill_primary,     ///< A replica takes its place; it returns as a replica.
  cut_off_primary,  ///< The same, but the old primary still answers, and accepts writes that are
                    ///< lost.
  hand_over_primary,  ///< A planned failover: nothing is lost.
};

inline constexpr std::size_t faults_count = static_cast<std::size_t>(Fault::hand_over_primary) + 1;

/// Whether the fault needs several servers.
[[nodiscard]] constexpr bool befalls_primaries(Fault fault) {
  return fault == Fault::kill_primary || fault == Fault::cut_off_primary ||
         fault == Fault::hand_over_primary;
}

[[nodiscard]] std::string_view to_string(Fault fault);

/// Whether the fault affects machines that serve every workflow: gateway processes, their networks
/// and clocks, and Redis. Each workflow has its own clients, publishers and connections to Redis.
[[nodiscard]] constexpr bool befalls_machines(Fault fault) {
  switch (fault) {
    case Fault::reset_stream:
    case Fault::stall_stream:
    case Fault::half_open_stream:
    case Fault::restart_client:
    case Fault::sleep_client:
    case Fault::signal_client:
    case Fault::break_redis_link:
    case Fault::crash_publisher:
    case Fault::forge_messages:
      return false;
    case Fault::part_clients:
    case Fault::crash_gateway:
    case Fault::cut_gateway_power:
    case Fault::drain_gateway:
    case Fault::stall_redis_link:
    case Fault::restart_redis:
    case Fault::flush_redis:
    case Fault::restore_redis:
    case Fault::set_calendar:
    case Fault::leap_clock:
    case Fault::refuse_writes:
    case Fault::lose_power:
    case Fault::fail_over_redis:
    case Fault::kill_primary:
    case Fault::cut_off_primary:
    case Fault::hand_over_primary:
      return true;
  }
  return true;
}

}  // namespace regstream::simulation
