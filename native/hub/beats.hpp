#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <regstream/time.hpp>

namespace regstream::hub {

/// When each slot has its beat, at which its subscription is looked at for a ping or a heartbeat:
/// once a period, the slots spread evenly over it. So ten thousand clients that come back within a
/// second don't have theirs in the same millisecond from then on, and no slot needs a place in an
/// order of time: slots `phase`, `phase + phases`, … have theirs together.
class Beats {
 public:
  /// So many small batches: some eighty streams of ten thousand each 40 ms, by default.
  static constexpr std::size_t phases = 128;

  struct Beat {
    Instant due;
    std::size_t phase;
  };

  /// Two beats or more within `heartbeat_interval`: what was silent from one to the next gets its
  /// heartbeat then, so that no silence is longer, and nobody needs to know when something was
  /// sent. `ping_interval` is a multiple of the period, as exactly as milliseconds allow.
  Beats(Duration heartbeat_interval, Duration ping_interval);

  [[nodiscard]] Duration period() const { return period_; }

  /// The next beat that one of the slots below `slots` has.
  [[nodiscard]] Instant next(std::size_t slots) const;

  /// The earliest beat that is due and was not given yet. Of beats that are late by more than a
  /// period, each phase gets the last one.
  [[nodiscard]] std::optional<Beat> poll(Instant now);

  /// Beats up to `now` concern nobody.
  void skip(Instant now) { next_ = first_after(now); }

 private:
  // Beats are numbered from the clock's beginning.
  using Index = std::int64_t;
  static constexpr auto phases_signed = static_cast<Index>(phases);

  [[nodiscard]] Index first_after(Instant time) const;
  [[nodiscard]] Instant due(Index index) const;

  Duration period_;
  Index next_ = 0;
};

}  // namespace regstream::hub
