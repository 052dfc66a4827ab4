#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace regstream::simulation {

/// What may happen to somebody while the faulty part of a run lasts.
enum class Fault : std::uint8_t {
  reset_stream,      ///< The connection of a client breaks; what was on its way is gone.
  stall_stream,      ///< Nothing arrives for a while, then all of it.
  half_open_stream,  ///< Nothing arrives any more, and neither side is told.
  part_clients,      ///< A gateway and all its clients: nothing arrives for a while.
  restart_client,    ///< A page is closed and opened: it knows nothing, or what it had stored.
  sleep_client,      ///< A machine sleeps: its bytes wait, and its timers are late.
  signal_client,     ///< Online, offline, visible, restored: in any order, true or not.
  crash_gateway,
  cut_gateway_power,  ///< Its clients are not told.
  drain_gateway,      ///< A restart in good order.
  break_redis_link,
  stall_redis_link,  ///< What was sent may be carried out long after it was given up.
  restart_redis,
  flush_redis,
  restore_redis,      ///< It comes back with older data.
  set_calendar,       ///< Anybody's, to earlier or later; Redis's to later.
  leap_clock,         ///< A process's monotonic clock leaps: its machine was suspended.
  crash_publisher,    ///< With all that waits in it; what it has sent may arrive still.
  refuse_writes,      ///< Redis answers, but takes no writes for a while.
  lose_power,         ///< All processes but the clients, and Redis with its last writes.
  fail_over_redis,    ///< It is a replica for a while; then it, or another server, is the primary.
  forge_messages,     ///< Somebody puts on the channel what is not of the history.
  kill_primary,       ///< A replica takes its place; it comes back as a replica.
  cut_off_primary,    ///< The same, but it still answers, and takes writes that are lost.
  hand_over_primary,  ///< A planned failover: nothing is lost.
};

inline constexpr std::size_t faults_count = static_cast<std::size_t>(Fault::hand_over_primary) + 1;

/// It needs several servers.
[[nodiscard]] constexpr bool befalls_primaries(Fault fault) {
  return fault == Fault::kill_primary || fault == Fault::cut_off_primary ||
         fault == Fault::hand_over_primary;
}

[[nodiscard]] std::string_view to_string(Fault fault);

/// It happens to machines that serve every workflow: gateway processes, their networks and clocks,
/// and Redis. Each workflow has its own clients, publishers and connections to Redis.
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
