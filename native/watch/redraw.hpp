#pragma once

#include <optional>

#include <regstream/time.hpp>

namespace regstream::watch {

/// Decides when to redraw a frame: soon after a change, but not for each of a thousand changes a
/// second; and regularly while a stage is running, because its time changes.
class Redraw {
 public:
  /// The shortest time between two frames.
  static constexpr Duration spacing_min{50};
  /// Between two frames while a stage is running.
  static constexpr Duration running_interval{200};

  /// Something in the frame has changed.
  void changed(Instant now);

  /// A frame has been drawn. `is_running`: it shows a running stage.
  void drawn(Instant now, bool is_running);

  /// When to draw. Nothing: wait for the next change.
  [[nodiscard]] std::optional<Instant> next_deadline() const { return due_; }

 private:
  std::optional<Instant> last_;
  std::optional<Instant> due_;
};

}  // namespace regstream::watch
