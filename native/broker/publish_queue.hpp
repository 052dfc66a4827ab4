#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/broker.hpp"

namespace regstream::broker {

struct PublishLimits {
  /// Some minutes of a busy bank's updates.
  std::size_t waiting_max = 10'000;
  std::size_t waiting_bytes_max = 16U << 20U;
  /// Sent and not acknowledged: keeps the line busy, and bounds what one lost connection leaves
  /// unknown.
  std::size_t in_flight_max = 64;
  /// Both ways: subscribers drop what exceeds it (`CodecLimits`), so it is not sent either.
  std::size_t message_bytes_max = 1U << 20U;
};

/// Publishes that wait for Redis, and those that wait for its acknowledgement, in order. Sans-I/O.
class PublishQueue {
 public:
  explicit PublishQueue(PublishLimits limits) : limits_(limits) {}

  /// Takes a message in, or says why not; `done` is moved from only if it was taken in.
  [[nodiscard]] std::optional<PublishError> push(std::string message, PublishHandler& done);

  /// The next message to send, which is in flight from now on. Empty: none waits, or the line is
  /// busy.
  [[nodiscard]] std::optional<std::string> take();

  /// The oldest one in flight was answered: its handler, to be called.
  [[nodiscard]] PublishHandler answered();

  /// The connection broke: the handlers of all that were in flight, oldest first.
  [[nodiscard]] std::vector<PublishHandler> lost();

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

 private:
  struct Waiting {
    std::string message;
    PublishHandler done;
  };
  PublishLimits limits_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::deque<PublishHandler> in_flight_;
};

}  // namespace regstream::broker
