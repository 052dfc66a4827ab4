#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/world.hpp"

namespace regstream::simulation {

/// What may happen to somebody while the faulty part of a run lasts.
enum class Fault : std::uint8_t {
  reset_stream,      ///< The connection of a client breaks; what was on its way is gone.
  stall_stream,      ///< Nothing arrives for a while, then all of it.
  half_open_stream,  ///< Nothing arrives any more, and neither side is told.
  part_clients,      ///< A gateway and all its clients: nothing arrives for a while.
  restart_client,    ///< A page is closed and opened: it knows nothing, or what it had stored.
  sleep_client,      ///< A machine sleeps: its clock leaps, its bytes wait, its timers are late.
  signal_client,     ///< Online, offline, visible, restored: in any order, true or not.
  crash_gateway,
  cut_gateway_power,  ///< Its clients are not told.
  drain_gateway,      ///< A restart in good order.
  break_redis_link,
  stall_redis_link,  ///< What was sent may be carried out long after it was given up.
  restart_redis,
  flush_redis,
  restore_redis,  ///< It comes back with older data.
  set_calendar,
};

inline constexpr std::size_t faults_count = static_cast<std::size_t>(Fault::set_calendar) + 1;

[[nodiscard]] std::string_view to_string(Fault fault);

/// A mistake that is made on purpose, to see that it is found.
enum class Canary : std::uint8_t {
  drop_one,     ///< A gateway leaves out an update.
  duplicate,    ///< A gateway sends an update twice.
  reorder,      ///< A gateway sends two updates the wrong way round.
  drop_reset,   ///< A gateway does not tell a reset.
  forget_bare,  ///< Gateways don't hear a bare PUBLISH.
  adopt_twice,  ///< Redis takes in a bare message for everyone who offers it.
  lose_timer,   ///< A client forgets to come back.
  no_waiting,   ///< A gateway takes a cursor that is ahead of it for one of a lost history.
};

inline constexpr std::size_t canaries_count = static_cast<std::size_t>(Canary::no_waiting) + 1;

[[nodiscard]] std::string_view to_string(Canary canary);
/// The canary with that name ("drop-one").
[[nodiscard]] std::optional<Canary> parse_canary(std::string_view name);

/// One run's size, faults and rates: a random subset each, for faults hide each other (Groce et
/// al., "Swarm Testing", ISSTA 2012).
struct FaultPlan {
  std::vector<Fault> faults;
  Duration fault_interval_max{};

  std::size_t gateways = 1;
  std::size_t clients = 1;
  std::size_t publishers = 1;
  std::uint64_t registrations = 1;
  Duration publish_interval_max{};
  std::uint64_t bare_per_mille = 0;       ///< Of what is published.
  std::uint64_t malformed_per_mille = 0;  ///< The same.
  std::uint64_t same_key_per_mille = 0;   ///< Publishes that are sent again under their key.

  std::uint64_t split_per_mille = 0;        ///< Deliveries that are cut at any byte.
  std::uint64_t slow_reader_per_mille = 0;  ///< Clients.
  std::uint64_t throttled_per_mille = 0;    ///< Timers of clients that go off late.
  std::int64_t drift_per_million_max = 0;
  Duration delay_max{};
  std::size_t send_buffer_bytes = 0;

  std::size_t history_length_max = 0;
  std::size_t page_entries_max = 0;
  std::size_t journal_count_max = 0;
  std::size_t outbox_bytes_max = 0;
};

[[nodiscard]] FaultPlan choose_fault_plan(World& world);

}  // namespace regstream::simulation
