#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>

namespace regstream::broker {

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
