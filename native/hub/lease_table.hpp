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

/// What comes next for a stream with a lease, in this order.
enum class LeaseStage : std::uint8_t {
  warn,  ///< Its client is told that the token expires.
  end,   ///< It ends: nothing more is put in for it.
  cut,   ///< Its reader had time to take what was there, and has not.
};

/// The leases of streams by slot, in the order in which something is due for them. Streams that
/// have none are not in here, and cost nothing.
class LeaseTable {
 public:
  using Slot = std::uint32_t;

  struct Due {
    Slot slot = 0;
    LeaseStage stage{};
    Lease lease;
  };

  /// The slot has none yet.
  void add(Slot slot, const Lease& lease);
  /// One without a lease: nothing happens, here and below.
  void remove(Slot slot);

  /// When something is due; nothing: for nobody.
  [[nodiscard]] std::optional<Instant> next() const;
  /// What is due first, up to `now`. It stays due until its slot is moved on or removed.
  [[nodiscard]] std::optional<Due> due(Instant now) const;
  void move_on(Slot slot, LeaseStage stage, Instant at);

  /// The client hears nothing yet: its warning waits for `release_warning`.
  void hold_warning(Slot slot);
  void release_warning(Slot slot);

  /// The slots of streams that this key has opened and that have not ended, in order.
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
