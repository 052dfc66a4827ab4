#pragma once

#include <optional>

#include <regstream/time.hpp>

namespace regstream::watch {

/// When a frame is drawn again: soon after a change, though not for each of a thousand changes a
/// second; and while something runs, often enough that its time moves on.
class Redraw {
 public:
  /// The least time between two frames.
  static constexpr Duration spacing_min{50};
  /// While something runs: times are shown in tenths of a second.
  static constexpr Duration running_interval{200};

  /// What the frame shows has changed.
  void changed(Instant now);

  /// A frame has been drawn; `is_running`: it shows something that runs.
  void drawn(Instant now, bool is_running);

  /// When to draw; nothing: not until the next change.
  [[nodiscard]] std::optional<Instant> next_deadline() const { return due_; }

 private:
  std::optional<Instant> last_;
  std::optional<Instant> due_;
};

}  // namespace regstream::watch
