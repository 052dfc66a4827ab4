#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// Publishes that wait for Redis, and those that wait for its acknowledgement, in order. Sans-I/O.
class PublishQueue {
 public:
  /// `resend_max`: how long after it was first sent a publish may be sent again, since Redis still
  /// knows its key.
  PublishQueue(PublishLimits limits, Duration resend_max)
      : limits_(limits), resend_max_(resend_max) {}

  struct Publish {
    std::string message;
    std::string key;
    PublishHandler done;
    std::optional<Instant> first_sent;
  };

  /// Takes a message in, or says why not; `done` is moved from only if it was taken in.
  [[nodiscard]] std::optional<PublishError> push(std::string message, std::string key,
                                                 PublishHandler& done);

  /// The next one to send, which is in flight from now on. Null: none waits, or the line is busy.
  /// The pointer holds until the next call.
  [[nodiscard]] const Publish* take(Instant now);

  /// The oldest one in flight was answered: its handler, to be called. None in flight: empty.
  [[nodiscard]] PublishHandler answered();

  /// The connection broke: what was in flight waits again, before all others.
  void lost();

  /// The handlers of those that were sent, but can't be sent again: nobody knows what came of them.
  /// To be called while none is in flight.
  [[nodiscard]] std::vector<PublishHandler> expired(Instant now);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

 private:
  PublishLimits limits_;
  Duration resend_max_;
  std::deque<Publish> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::deque<Publish> in_flight_;
};

}  // namespace regstream::broker
