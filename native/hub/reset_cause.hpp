#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string_view>

#include <regstream/message/event_id.hpp>

namespace regstream::hub {

/// Why a subscription gets a `reset`.
enum class ResetCause : std::uint8_t {
  cursor_too_old,  ///< Its cursor belongs to this history, but is older than what is kept.
  cursor_unknown,  ///< Its cursor is from another epoch, made up, or from a client that was cut off
                   ///< during a reset.
  new_history,     ///< The history began again, in another epoch, while the stream was open.
  updates_missed,  ///< Updates of the same epoch could no longer be read.
  messages_lost,   ///< Messages were lost before they could enter the history.
  reader_too_slow  ///< It fell behind the oldest message that is kept.
};

/// Why streams that received a history up to `before` get a reset when a history begins at
/// `position`. If `position` is the next id of the same epoch, the entry there has no message: it
/// records that messages were lost, and the history begins after it.
[[nodiscard]] constexpr ResetCause cause_of_history(EventId before, EventId position) {
  if (before.epoch != position.epoch) {
    return ResetCause::new_history;
  }
  return position.sequence == before.sequence + 1 ? ResetCause::messages_lost
                                                  : ResetCause::updates_missed;
}

/// The names in `/api/health`.
inline constexpr std::array<std::string_view, 6> reset_cause_names{"cursorTooOld", "cursorUnknown",
                                                                   "newHistory",   "updatesMissed",
                                                                   "messagesLost", "readerTooSlow"};

/// How many resets were sent, by cause.
class ResetCounts {
 public:
  void add(ResetCause cause) { ++counts_[static_cast<std::size_t>(cause)]; }
  ResetCounts& operator+=(const ResetCounts& other) {
    for (std::size_t cause = 0; cause < counts_.size(); ++cause) {
      counts_[cause] += other.counts_[cause];
    }
    return *this;
  }
  [[nodiscard]] std::uint64_t of(ResetCause cause) const {
    return counts_[static_cast<std::size_t>(cause)];
  }
  [[nodiscard]] std::uint64_t total() const {
    return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  }

 private:
  std::array<std::uint64_t, reset_cause_names.size()> counts_{};
};

}  // namespace regstream::hub
