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

/// No message of a run is longer, however it is wrapped; a snapshot has every stage.
inline constexpr std::size_t frame_bytes_max = 4'096;
/// What an entry of a page counts beside its message, as scripts/history says.
inline constexpr std::size_t entry_bytes = 320;

/// A mistake that is made on purpose, to see that it is found.
enum class Canary : std::uint8_t {
  drop_one,           ///< A gateway leaves out an update.
  duplicate,          ///< A gateway sends an update twice.
  reorder,            ///< A gateway sends two updates the wrong way round.
  drop_reset,         ///< A gateway does not tell a reset.
  forget_bare,        ///< Gateways don't hear a bare PUBLISH.
  adopt_twice,        ///< Redis takes in a bare message for everyone who offers it.
  lose_timer,         ///< A client forgets to come back.
  no_waiting,         ///< A gateway takes a cursor that is ahead of it for one of a lost history.
  hasty_attempt,      ///< A client comes back without a wait.
  no_backoff,         ///< A client's waits do not grow.
  old_view,           ///< A client shows what it has shown before.
  wrong_view,         ///< A client leaves an update out of its view.
  keep_stream,        ///< A gateway keeps the subscription of a client that is gone.
  swap_publishes,     ///< A publisher sends two updates the wrong way round.
  endless_queue,      ///< A publisher holds more than it may.
  endless_journal,    ///< A gateway does.
  endless_outbox,     ///< The same for one stream.
  endless_adoption,   ///< The same for bare messages.
  endless_knowledge,  ///< The same for registrations.
  trust_restart,      ///< Redis goes on after a restart that may have lost writes.
  silent_loss,        ///< Redis does not put into the history that bare messages were lost.
  silent_skip,        ///< A client does not tell that it skipped an event.
  early_end,          ///< A gateway ends a stream before the final update.
  no_end,             ///< A gateway closes a stream behind the final update, and tells no end.
  wrong_workflow,     ///< A client reaches another workflow's part of a gateway.
  late_end,           ///< A gateway lets streams go on without their tokens.
  hears_hidden,       ///< A gateway tells everything, where a token allows some of it.
  no_renewal,         ///< A client asks for no token while its stream is open.
  trust_failover,     ///< An epoch goes on after a promotion.
  no_replicas,        ///< A publisher does not wait for replicas.
};

inline constexpr std::size_t canaries_count = static_cast<std::size_t>(Canary::no_replicas) + 1;

[[nodiscard]] std::string_view to_string(Canary canary);
/// The canary with that name ("drop-one").
[[nodiscard]] std::optional<Canary> parse_canary(std::string_view name);
/// All names, with a space between.
[[nodiscard]] std::string canary_names();

/// One run's size, faults and rates: a random subset each, for faults hide each other (Groce et
/// al., "Swarm Testing", ISSTA 2012).
struct FaultPlan {
  std::vector<Fault> faults;
  Duration fault_interval_max{};

  std::size_t gateways = 1;
  std::size_t clients = 1;
  std::size_t publishers = 1;
  std::size_t servers = 1;           ///< Of Redis: a primary, and replicas.
  Duration replication_delay_max{};  ///< By which they are behind.
  std::size_t wait_replicas = 0;     ///< That have what counts as published: none, or all.
  std::uint64_t registrations = 1;
  Duration publish_interval_max{};
  std::uint64_t quiet_from_per_mille = 0;  ///< Of the faulty part: from then on nobody publishes.
  std::uint64_t bare_per_mille = 0;        ///< Of what is published.
  std::uint64_t malformed_per_mille = 0;   ///< The same.
  std::uint64_t same_key_per_mille = 0;    ///< Publishes that are sent again under their key.
  std::uint64_t same_bare_per_mille = 0;   ///< Bare messages of which another one is the same.

  std::uint64_t split_per_mille = 0;        ///< Deliveries that are cut at any byte.
  std::uint64_t slow_reader_per_mille = 0;  ///< Clients.
  std::uint64_t held_back_per_mille = 0;    ///< Clients behind what passes on whole answers only.
  std::uint64_t throttled_per_mille = 0;    ///< Timers of clients that go off late.
  std::int64_t drift_per_million_max = 0;
  Duration delay_max{};
  std::size_t send_buffer_bytes = 0;

  bool has_tokens = false;        ///< Gateways ask for them.
  bool is_redis_durable = false;  ///< It acknowledges what is on its disk.
  std::size_t history_length_max = 0;
  std::size_t page_bytes = 0;  ///< Of the first page that a gateway asks for.
  std::size_t journal_count_max = 0;
  std::size_t outbox_bytes_max = 0;
  std::size_t turn_bytes_max = 0;
  std::size_t unflushed_bytes_max = 0;

  std::size_t journal_bytes_max = 0;
  std::size_t known_registrations_max = 0;
  std::size_t claims_bytes_max = 0;
  std::size_t bare_max = 0;  ///< That wait in a gateway.
  std::size_t bare_bytes_max = 0;
  std::size_t unheard_max = 0;  ///< That a gateway's channel may be behind.
  std::size_t held_max = 0;     ///< That Redis holds for a subscriber which does not read.
  std::size_t waiting_max = 0;  ///< In a publisher.
  std::size_t batch_updates_max = 0;
  std::size_t batches_in_flight_max = 0;
  std::size_t line_bytes_max = 0;  ///< Of a stream, for a client's parser.

  /// How many messages a gateway's journal always holds, if there were so many: none of them, with
  /// its frame and its entry, has more than 2000 bytes.
  [[nodiscard]] std::size_t journal_count_min() const {
    return std::min(journal_count_max, std::max<std::size_t>(1, journal_bytes_max / 2'000));
  }
  /// Gateways may forget a registration, and not find all of it in their journal either: they know
  /// a part of it then.
  [[nodiscard]] bool forgets_registrations() const {
    return known_registrations_max < registrations &&
           (journal_count_max < 100'000 || journal_bytes_max < std::size_t{64} << 20U);
  }
};

/// `seed` is that of the run. Each choice has its own chance (`Chance`): another one more changes
/// none of them.
[[nodiscard]] FaultPlan choose_fault_plan(std::uint64_t seed);

/// The plan of another workflow on the machines of `host`, whose faults are the host's to choose.
/// It is a small one: what it is there for is that two are served.
[[nodiscard]] FaultPlan choose_guest_plan(std::uint64_t seed, const FaultPlan& host);

/// Everything that was chosen, on some lines.
[[nodiscard]] std::string to_string(const FaultPlan& plan);

}  // namespace regstream::simulation
