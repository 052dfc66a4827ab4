#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

namespace regstream::hub {

/// Counts the open streams of all pumps that share it: of all workflows, on all loops. Never more
/// than `max`. Safe from any thread; used when a stream opens and closes, not while it is served.
class StreamCount {
 public:
  struct Leave {
    void operator()(StreamCount* count) const {
      count->open_.fetch_sub(1, std::memory_order_relaxed);
    }
  };
  /// A stream's place, released on destruction. The count must outlive it. As small as a pointer,
  /// since each stream has one.
  using Place = std::unique_ptr<StreamCount, Leave>;

  /// The default leaves file descriptors for requests (`net::ServerLimits::sessions_max`).
  explicit StreamCount(std::size_t max = 16'384) : max_(max) {}
  StreamCount(const StreamCount&) = delete;
  StreamCount& operator=(const StreamCount&) = delete;
  ~StreamCount() = default;

  [[nodiscard]] std::size_t max() const { return max_; }
  [[nodiscard]] std::size_t open() const { return open_.load(std::memory_order_relaxed); }

  /// Null: the maximum is open.
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
