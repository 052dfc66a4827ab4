#pragma once

#include <cstddef>

#include <regstream/message/event_id.hpp>

#include "simulation/truth.hpp"

namespace regstream::simulation {

/// What a gateway can be relied on to remember, whichever it is.
struct GatewayMemory {
  const Truth& truth;
  std::size_t journal_count_min = 0;  ///< So many messages its journal holds in any case.
  bool forgets = false;               ///< It may know a part of a registration only.

  /// Whoever tells of this id knows all that came before it.
  [[nodiscard]] bool is_whole(EventId id) const {
    const auto& epoch = *truth.epoch(id.epoch);
    return !forgets && !epoch.was_trimmed() && epoch.losses.empty();
  }
  /// What follows `id` may be too old to be told, or tells of a loss.
  [[nodiscard]] bool may_lack_what_follows(EventId id) const {
    const auto& epoch = *truth.epoch(id.epoch);
    return epoch.oldest > id.sequence + 1 ||
           (!epoch.losses.empty() && epoch.losses.back() > id.sequence) ||
           truth.end().sequence > id.sequence + journal_count_min;
  }
  /// It need not know whether anything had ended by `id`.
  [[nodiscard]] bool may_lack_what_was(EventId id) const {
    return !is_whole(id) || truth.end().sequence > journal_count_min;
  }
};

}  // namespace regstream::simulation
