#pragma once

#include <cstddef>
#include <cstdint>

namespace regstream::broker {

/// Finds out whether Redis buffers messages for a subscriber. It asks Redis with PING: the answer
/// comes after everything that was buffered then.
class PushBacklog {
 public:
  /// After this many bytes Redis gets a PING. If as many bytes arrive again before the answer,
  /// Redis buffers more than a moment's worth. Both together are less than the system buffers for a
  /// slow reader. Redis buffers the rest itself, up to a limit at which it ends the connection.
  static constexpr std::size_t unproved_bytes_max = 16U << 10U;

  enum class Step : std::uint8_t {
    none,
    ask,     ///< Send a PING, and call `on_asked`.
    behind,  ///< The subscriber is behind.
  };

  [[nodiscard]] Step on_bytes(std::size_t bytes) {
    unproved_bytes_ += bytes;
    if (unproved_bytes_ < unproved_bytes_max) {
      return Step::none;
    }
    unproved_bytes_ = 0;
    return answers_owed_ == 0 ? Step::ask : Step::behind;
  }

  void on_asked() { ++answers_owed_; }

  /// True: everything that Redis had buffered at the last PING has arrived.
  [[nodiscard]] bool on_answered() {
    unproved_bytes_ = 0;
    return --answers_owed_ == 0;
  }

 private:
  std::size_t answers_owed_ = 0;
  std::size_t unproved_bytes_ = 0;  // Bytes read since the last PING, or the last answer.
};

}  // namespace regstream::broker
