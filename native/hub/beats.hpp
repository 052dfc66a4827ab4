#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <regstream/time.hpp>

namespace regstream::hub {

/// Gives each slot a beat, at which its subscription is checked for a ping or a heartbeat. A slot
/// has one beat per period, and the beats of the slots are spread evenly over the period. So ten
/// thousand clients that reconnect within a second don't get their pings in the same millisecond
/// from then on, and slots need no list ordered by time. Slots `phase`, `phase + phases`, … share a
/// beat.
class Beats {
 public:
  /// Makes small batches: by default, eighty of ten thousand streams every 40 ms.
  static constexpr std::size_t phases = 128;

  struct Beat {
    Instant due;
    std::size_t phase;
  };

  /// Each `heartbeat_interval` has at least two beats. A stream that was silent between two beats
  /// gets its heartbeat at the second, so no silence is longer than the interval, and nobody has to
  /// note when something was sent. `ping_interval` is a multiple of the period, as exactly as
  /// milliseconds allow.
  Beats(Duration heartbeat_interval, Duration ping_interval);

  [[nodiscard]] Duration period() const { return period_; }

  /// The next beat of any slot below `slots`.
  [[nodiscard]] Instant next(std::size_t slots) const;

  /// The earliest beat that is due and was not yet returned. If beats are late by more than a
  /// period, each phase gets only its last one.
  [[nodiscard]] std::optional<Beat> poll(Instant now);

  /// Skips all beats up to `now`.
  void skip(Instant now) { next_ = first_after(now); }

 private:
  // Beats are numbered from the clock's epoch.
  using Index = std::int64_t;
  static constexpr auto phases_signed = static_cast<Index>(phases);

  [[nodiscard]] Index first_after(Instant time) const;
  [[nodiscard]] Instant due(Index index) const;

  Duration period_;
  Index next_ = 0;
};

}  // namespace regstream::hub
