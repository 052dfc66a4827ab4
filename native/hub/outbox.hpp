#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "hub/frame.hpp"

namespace regstream::hub {

/// What one subscription is being sent: whole frames, of the first of which a part may have gone
/// already. Who fills it keeps it small.
class Outbox {
 public:
  void push(FramePtr frame);

  /// The frames, oldest first. The first `sent_of_first()` bytes of the first have been sent.
  [[nodiscard]] std::span<const FramePtr> frames() const {
    return std::span(frames_).subspan(first_);
  }
  [[nodiscard]] std::size_t sent_of_first() const { return sent_of_first_; }

  /// Takes `bytes` off the front: they have been sent. No more than `bytes_waiting()`.
  void consume(std::size_t bytes);

  [[nodiscard]] std::size_t bytes_waiting() const { return bytes_waiting_; }
  [[nodiscard]] bool empty() const { return bytes_waiting_ == 0; }

  /// Drops everything, its memory too.
  void clear();

 private:
  void compact();

  std::vector<FramePtr>
      frames_;  // Those before first_ are null: sent, and their room not yet reused.
  std::size_t first_ = 0;
  std::size_t sent_of_first_ = 0;
  std::size_t bytes_waiting_ = 0;
};

}  // namespace regstream::hub
