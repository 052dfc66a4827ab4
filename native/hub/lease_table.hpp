#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include <regstream/time.hpp>

#include "hub/lease.hpp"

namespace regstream::hub {

/// What happens next to a stream with a lease, in this order.
enum class LeaseStage : std::uint8_t {
  warn,  ///< Its client is warned that the token expires.
  end,   ///< It ends: its outbox gets nothing more.
  cut,   ///< Its reader had time to take the rest, and did not.
};

/// The leases of streams, by slot and by the time of what is due next. Streams without a lease are
/// not in here, and cost nothing.
class LeaseTable {
 public:
  using Slot = std::uint32_t;

  struct Due {
    Slot slot = 0;
    LeaseStage stage{};
    Lease lease;
  };

  /// The slot must not have a lease yet.
  void add(Slot slot, const Lease& lease);
  /// Does nothing for a slot without a lease, like the functions below.
  void remove(Slot slot);

  /// When something is due next. Empty: never.
  [[nodiscard]] std::optional<Instant> next() const;
  /// The first thing that is due by `now`. It stays due until its slot is moved on or removed.
  [[nodiscard]] std::optional<Due> due(Instant now) const;
  void move_on(Slot slot, LeaseStage stage, Instant at);

  /// The client does not get events yet: its warning waits for `release_warning`.
  void hold_warning(Slot slot);
  void release_warning(Slot slot);

  /// The slots of open streams whose tokens this key verified, in order.
  [[nodiscard]] std::vector<Slot> slots_of(std::uint64_t key) const;

 private:
  struct Entry {
    Lease lease;
    LeaseStage stage{};
    Instant at{};
  };

  std::unordered_map<Slot, Entry> entries_;
  std::set<std::pair<Instant, Slot>> order_;
};

}  // namespace regstream::hub
