#pragma once

#include <cstddef>
#include <cstdint>

namespace regstream::broker {

/// Whether Redis holds more of what it pushes to a subscriber than the subscriber has read. Redis
/// is asked by PING: its answer stands behind all that it held then.
class PushBacklog {
 public:
  /// After so many bytes Redis is asked for a sign that it has sent all that it held then. If as
  /// many again come before that sign, it holds more than a short time's. Both together are less
  /// than what the system holds for a slow reader; the rest Redis holds itself, up to a limit at
  /// which it ends the connection.
  static constexpr std::size_t unproved_bytes_max = 16U << 10U;

  enum class Step : std::uint8_t {
    none,
    ask,     ///< Send a PING, and say so: `on_asked`.
    behind,  ///< The subscriber is.
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

  /// True: what Redis held when it was asked last has come.
  [[nodiscard]] bool on_answered() {
    unproved_bytes_ = 0;
    return --answers_owed_ == 0;
  }

 private:
  std::size_t answers_owed_ = 0;
  std::size_t unproved_bytes_ = 0;  // Read since it was asked last, or answered.
};

}  // namespace regstream::broker
