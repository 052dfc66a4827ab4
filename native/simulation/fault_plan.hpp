#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <regstream/time.hpp>

#include "simulation/fault.hpp"

namespace regstream::simulation {

/// The longest frame of a run: a snapshot with every stage.
inline constexpr std::size_t frame_bytes_max = 4'096;
/// What an entry of a page counts in addition to its message; see scripts/history.
inline constexpr std::size_t entry_bytes = 320;

/// A mistake that is planted on purpose, to prove that the checks find it.
enum class Canary : std::uint8_t {
  drop_one,           ///< A gateway leaves out an update.
  duplicate,          ///< A gateway sends an update twice.
  reorder,            ///< A gateway sends two updates in the wrong order.
  drop_reset,         ///< A gateway does not send a reset.
  forget_bare,        ///< Gateways ignore a plain PUBLISH.
  adopt_twice,        ///< Redis adopts a bare message once for each gateway that offers it.
  lose_timer,         ///< A client forgets to reconnect.
  no_waiting,         ///< A gateway treats a cursor that is ahead of it as one of a lost history.
  hasty_attempt,      ///< A client reconnects without a wait.
  no_backoff,         ///< A client's waits do not grow.
  old_view,           ///< A client shows an old view.
  wrong_view,         ///< A client leaves an update out of its view.
  keep_stream,        ///< A gateway keeps the subscription of a client that is gone.
  swap_publishes,     ///< A publisher sends two updates in the wrong order.
  endless_queue,      ///< A publisher's queue exceeds its limit.
  endless_journal,    ///< A gateway's journal exceeds its limit.
  endless_outbox,     ///< A stream's outbox exceeds its limit.
  endless_adoption,   ///< The messages to adopt exceed their limit.
  endless_knowledge,  ///< The known registrations exceed their limit.
  trust_restart,      ///< Redis continues its epoch after a restart that may have lost writes.
  silent_loss,        ///< Redis does not record in the history that bare messages were lost.
  silent_skip,        ///< A client does not report that it skipped an event.
  early_end,          ///< A gateway ends a stream before the final update.
  no_end,             ///< A gateway closes a stream after the final update without an end.
  wrong_workflow,     ///< A client reaches another workflow's part of the gateway.
  late_end,           ///< A gateway lets streams outlive their tokens.
  hears_hidden,       ///< A gateway sends everything, although the token allows only a part.
  no_renewal,         ///< A client requests no token while its stream is open.
  trust_failover,     ///< An epoch continues after a promotion.
  no_replicas,        ///< A publisher does not wait for replicas.
};

inline constexpr std::size_t canaries_count = static_cast<std::size_t>(Canary::no_replicas) + 1;

[[nodiscard]] std::string_view to_string(Canary canary);
/// The canary with that name ("drop-one").
[[nodiscard]] std::optional<Canary> parse_canary(std::string_view name);
/// All names, separated by spaces.
[[nodiscard]] std::string canary_names();

/// One run's size, faults and rates. Each run has a random subset of the faults, because faults
/// hide each other (Groce et al., "Swarm Testing", ISSTA 2012).
struct FaultPlan {
  std::vector<Fault> faults;
  Duration fault_interval_max{};

  std::size_t gateways = 1;
  std::size_t clients = 1;
  std::size_t publishers = 1;
  std::size_t servers = 1;           ///< Redis servers: a primary and its replicas.
  Duration replication_delay_max{};  ///< How far replicas are behind.
  std::size_t wait_replicas = 0;  ///< How many replicas must have a published update: none or all.
  std::uint64_t registrations = 1;
  Duration publish_interval_max{};
  std::uint64_t quiet_from_per_mille = 0;  ///< Of the faulty part; after that nobody publishes.
  std::uint64_t bare_per_mille = 0;        ///< Of the published messages.
  std::uint64_t malformed_per_mille = 0;   ///< The same.
  std::uint64_t same_key_per_mille = 0;    ///< Publishes that are repeated under their key.
  std::uint64_t same_bare_per_mille = 0;   ///< Bare messages that repeat another one.

  std::uint64_t split_per_mille = 0;        ///< Deliveries that are cut at a random byte.
  std::uint64_t slow_reader_per_mille = 0;  ///< Clients.
  std::uint64_t held_back_per_mille =
      0;  ///< Clients behind a proxy that passes on complete responses only.
  std::uint64_t throttled_per_mille = 0;  ///< Timers of clients that are late.
  std::int64_t drift_per_million_max = 0;
  Duration delay_max{};
  std::size_t send_buffer_bytes = 0;

  bool has_tokens = false;        ///< Gateways require tokens.
  bool is_redis_durable = false;  ///< Redis acknowledges a write once it is on disk.
  std::size_t history_length_max = 0;
  std::size_t page_bytes = 0;  ///< Of the first page that a gateway requests.
  std::size_t journal_count_max = 0;
  std::size_t outbox_bytes_max = 0;
  std::size_t turn_bytes_max = 0;
  std::size_t unflushed_bytes_max = 0;

  std::size_t journal_bytes_max = 0;
  std::size_t known_registrations_max = 0;
  std::size_t unverified_bytes_max = 0;
  std::size_t bare_max = 0;  ///< Bare messages that may wait in a gateway.
  std::size_t bare_bytes_max = 0;
  std::size_t unreceived_max = 0;  ///< How far a gateway's channel may be behind, in messages.
  std::size_t held_max = 0;     ///< Messages that Redis holds for a subscriber that doesn't read.
  std::size_t waiting_max = 0;  ///< Updates that may wait in a publisher.
  std::size_t batch_updates_max = 0;
  std::size_t batches_in_flight_max = 0;
  std::size_t line_bytes_max = 0;  ///< The limit of a client's parser.

  /// How many messages a gateway's journal always holds, if there are so many. A message with its
  /// frame and its entry has at most 2000 bytes.
  [[nodiscard]] std::size_t journal_count_min() const {
    return std::min(journal_count_max, std::max<std::size_t>(1, journal_bytes_max / 2'000));
  }
  /// Whether gateways may forget a registration and not find all of it in their journal. They know
  /// only a part of it then.
  [[nodiscard]] bool forgets_registrations() const {
    return known_registrations_max < registrations &&
           (journal_count_max < 100'000 || journal_bytes_max < std::size_t{64} << 20U);
  }
};

/// `seed` is the run's. Each choice has random numbers of its own (`Chance`), so a new choice
/// doesn't change the others.
[[nodiscard]] FaultPlan choose_fault_plan(std::uint64_t seed);

/// The plan of a second workflow on the machines of `host`. The host's plan chooses the faults of
/// the machines. The guest's plan is small: it only has to make gateways serve two workflows.
[[nodiscard]] FaultPlan choose_guest_plan(std::uint64_t seed, const FaultPlan& host);

/// All choices, on a few lines.
[[nodiscard]] std::string to_string(const FaultPlan& plan);

}  // namespace regstream::simulation
