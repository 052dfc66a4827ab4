#include "hub/outbox.hpp"

#include <utility>

namespace regstream::hub {

namespace {

// An idle outbox keeps room for this many frames, so that steady delivery does not allocate. More
// than that was a burst, and is freed.
constexpr std::size_t idle_frames_max = 16;

}  // namespace

void Outbox::push(FramePtr frame) {
  if (is_finished_) {
    return;
  }
  const std::size_t bytes = wire_bytes(*frame).size();
  frames_.push_back(std::move(frame));
  bytes_waiting_ += bytes;
}

void Outbox::finish(StreamEnd end) {
  if (!is_finished_) {
    end_ = end;
  }
  if (framing_ == Framing::chunked) {
    push(make_last_chunk());
  }
  is_finished_ = true;
}

void Outbox::drop() {
  frames_ = {};
  first_ = 0;
  sent_of_first_ = 0;
  bytes_waiting_ = 0;
  is_finished_ = true;
  is_dropped_ = true;
}

void Outbox::consume(std::size_t bytes) {
  bytes_waiting_ -= bytes;
  while (bytes > 0) {
    FramePtr& frame = frames_[first_];
    const std::size_t rest = wire_bytes(*frame).size() - sent_of_first_;
    if (bytes < rest) {
      sent_of_first_ += bytes;
      break;
    }
    bytes -= rest;
    sent_of_first_ = 0;
    frame.reset();
    ++first_;
  }
  compact();
}

void Outbox::compact() {
  if (first_ == frames_.size()) {
    first_ = 0;
    if (frames_.capacity() > idle_frames_max) {
      frames_ = {};
    } else {
      frames_.clear();
    }
  } else if (first_ > frames_.size() / 2) {
    // Moving the smaller half keeps the cost of a frame constant on average.
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace regstream::hub
