#pragma once

#include <cstddef>

#include <regstream/message/event_id.hpp>

#include "simulation/truth.hpp"

namespace regstream::simulation {

/// What every gateway is sure to remember.
struct GatewayMemory {
  const Truth& truth;
  std::size_t journal_count_min = 0;  ///< Messages that its journal always holds.
  bool forgets = false;               ///< It may know only a part of a registration.

  /// A gateway that sends this id knows everything before it.
  [[nodiscard]] bool is_whole(EventId id) const {
    const auto& epoch = *truth.epoch(id.epoch);
    return !forgets && !epoch.was_trimmed() && epoch.losses.empty();
  }
  /// The entries after `id` may be too old to be sent, or record a loss.
  [[nodiscard]] bool may_lack_later(EventId id) const {
    const auto& epoch = *truth.epoch(id.epoch);
    return epoch.oldest > id.sequence + 1 ||
           (!epoch.losses.empty() && epoch.losses.back() > id.sequence) ||
           truth.end().sequence > id.sequence + journal_count_min;
  }
  /// A gateway may not know whether an instance had ended at `id`.
  [[nodiscard]] bool may_lack_earlier(EventId id) const {
    return !is_whole(id) || truth.end().sequence > journal_count_min;
  }
};

}  // namespace regstream::simulation
