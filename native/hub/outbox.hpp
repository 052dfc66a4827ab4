#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hub/frame.hpp"
#include "hub/stream_end.hpp"

namespace regstream::hub {

/// What one subscription is being sent: whole frames, of the first of which a part may have gone
/// already. Who fills it keeps it small. All bytes are counted as its framing has them.
class Outbox {
 public:
  explicit Outbox(Framing framing = Framing::bare) : framing_(framing) {}

  /// Ignored once the outbox is finished: what follows a chunked body's end is no part of it.
  void push(FramePtr frame);

  /// The body ends in good order after what is here, for this reason; the first one counts.
  void finish(StreamEnd end);
  [[nodiscard]] bool is_finished() const { return is_finished_; }

  /// What is here is not to be sent any more, nor anything else: the body breaks off.
  void drop();
  [[nodiscard]] bool is_dropped() const { return is_dropped_; }

  /// Why it was finished, if it was.
  [[nodiscard]] StreamEnd end() const { return end_; }

  /// The frames, oldest first. The first `sent_of_first()` bytes of the first have been sent.
  [[nodiscard]] std::span<const FramePtr> frames() const {
    return std::span(frames_).subspan(first_);
  }
  [[nodiscard]] std::size_t sent_of_first() const { return sent_of_first_; }
  /// What a frame is on the wire.
  [[nodiscard]] std::string_view wire_bytes(const Frame& frame) const { return frame.in(framing_); }

  /// Takes `bytes` off the front: they have been sent. No more than `bytes_waiting()`.
  void consume(std::size_t bytes);

  [[nodiscard]] std::size_t bytes_waiting() const { return bytes_waiting_; }
  [[nodiscard]] bool empty() const { return bytes_waiting_ == 0; }

 private:
  void compact();

  // Those before first_ are null: sent, and their room not yet reused.
  std::vector<FramePtr> frames_;
  std::size_t sent_of_first_ = 0;
  std::size_t bytes_waiting_ = 0;
  std::uint32_t first_ = 0;
  Framing framing_;
  StreamEnd end_ = StreamEnd::failed;
  bool is_finished_ = false;
  bool is_dropped_ = false;
};

}  // namespace regstream::hub
