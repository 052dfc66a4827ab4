#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "hub/frame.hpp"
#include "hub/stream_end.hpp"

namespace regstream::hub {

/// What one subscription is being sent: whole frames, except that a part of the first may be sent
/// already. The hub keeps it small. All byte counts include the framing.
class Outbox {
 public:
  explicit Outbox(Framing framing = Framing::bare) : framing_(framing) {}

  /// Ignored once the outbox is finished: nothing may follow the end of a chunked body.
  void push(FramePtr frame);

  /// Ends the body in good order after what is here. Of several reasons the first one counts.
  void finish(StreamEnd end);
  [[nodiscard]] bool is_finished() const { return is_finished_; }

  /// Discards everything, and nothing more is sent: the body breaks off.
  void drop();
  [[nodiscard]] bool is_dropped() const { return is_dropped_; }

  /// Why it was finished. Valid only if it was.
  [[nodiscard]] StreamEnd end() const { return end_; }

  /// The frames, oldest first. The first `sent_of_first()` bytes of the first frame are sent
  /// already.
  [[nodiscard]] std::span<const FramePtr> frames() const {
    return std::span(frames_).subspan(first_);
  }
  [[nodiscard]] std::size_t sent_of_first() const { return sent_of_first_; }
  /// A frame's bytes on the wire.
  [[nodiscard]] std::string_view wire_bytes(const Frame& frame) const { return frame.in(framing_); }

  /// Removes `bytes` from the front: they were sent. At most `bytes_waiting()`.
  void consume(std::size_t bytes);

  [[nodiscard]] std::size_t bytes_waiting() const { return bytes_waiting_; }
  [[nodiscard]] bool empty() const { return bytes_waiting_ == 0; }

 private:
  void compact();

  // Those before `first_` are null: sent, and their places not yet reused.
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
