#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace regstream::hub {

/// How many streams are open, of all pumps that share this: of all workflows, and on all loops.
/// There is never one more than `max`. From any thread; asked where a stream opens and closes, and
/// not while it is served.
class StreamCount {
 public:
  struct Leave {
    void operator()(StreamCount* count) const {
      count->open_.fetch_sub(1, std::memory_order_relaxed);
    }
  };
  /// A stream's place, given back when this goes; the count must outlive it. As small as a pointer,
  /// since each stream has one.
  using Place = std::unique_ptr<StreamCount, Leave>;

  /// The default leaves descriptors for requests (`net::ServerLimits::sessions_max`).
  explicit StreamCount(std::size_t max = 16'384) : max_(max) {}
  StreamCount(const StreamCount&) = delete;
  StreamCount& operator=(const StreamCount&) = delete;
  ~StreamCount() = default;

  [[nodiscard]] std::size_t max() const { return max_; }
  [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }

  /// Null: there are as many as may be.
  [[nodiscard]] Place enter() {
    std::size_t open = open_.load(std::memory_order_relaxed);
    while (open < max_) {
      if (open_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed)) {
        return Place(this);
      }
    }
    return nullptr;
  }

 private:
  const std::size_t max_;
  std::atomic<std::size_t> open_ = 0;
};

using StreamPlace = StreamCount::Place;

}  // namespace regstream::hub
