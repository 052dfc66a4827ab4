#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// What becomes of a publish while Redis takes none.
enum class Patience : std::uint8_t {
  waits,    ///< It waits for Redis.
  refuses,  ///< It is withdrawn, unless it may be in the history already.
};

/// By which Redis knows a publish that is sent again.
struct PublishKey {
  std::string text;
  /// Only this process can have given it. An application's may be another process's, too.
  bool is_own = false;
};

/// Publishes that wait for Redis, and those that wait for its acknowledgement, in order. Sans-I/O.
///
/// Each is sent with keys of those before it that are in flight (`keys_before`), and Redis takes it
/// only behind them. So when Redis refuses one, those in flight behind it are refused as well: they
/// are held back, and wait again, in their places, once all in flight are answered.
///
/// A publish has its memory from when it is taken in: nothing that the queue does with it can fail.
class PublishQueue {
 public:
  /// `resend_max`: how long after it was first sent a publish may be sent again, since Redis still
  /// knows its key.
  PublishQueue(PublishLimits limits, Duration resend_max)
      : limits_(limits), resend_max_(resend_max) {}

  struct Publish {
    std::string message;
    PublishKey key;
    PublishHandler done;
    Patience patience = Patience::waits;
    /// When it was sent for the first time, of the times whose outcome is not known.
    std::optional<Instant> first_sent;
    /// The connection by which it was sent broke before the answer: it may be in the history.
    bool is_uncertain = false;
  };

  /// Takes a message in, or says why not; `done` is moved from only if it was taken in.
  [[nodiscard]] std::optional<PublishError> push(std::string message, PublishKey key,
                                                 PublishHandler& done,
                                                 Patience patience = Patience::waits);

  /// The next one to send, which is in flight from now on. Null: none waits, the line is busy, or
  /// answers are due before what was held back can be sent again. The pointer holds until the next
  /// call.
  [[nodiscard]] const Publish* take(Instant now) noexcept;
  /// The keys of those that were in flight before the one taken last: from there back to one that
  /// only this process can have used, since Redis took that one only behind those before it.
  [[nodiscard]] std::vector<std::string> keys_before() const;

  /// The oldest one in flight was answered for good: its handler, to be called. None in flight:
  /// empty.
  [[nodiscard]] PublishHandler answered() noexcept;

  /// Redis did not take the oldest one in flight, and would take it later: it is held back.
  void hold_back() noexcept;

  /// The connection broke: what was in flight waits again, before all others.
  void lost() noexcept;

  /// Those that do not wait for Redis, and are not in the history: they leave.
  [[nodiscard]] std::list<Publish> withdraw() noexcept;

  /// Those that were sent, but can't be sent again: nobody knows what came of them. They leave. To
  /// be called while none is in flight.
  [[nodiscard]] std::list<Publish> expired(Instant now) noexcept;

  /// Those held back included.
  [[nodiscard]] std::size_t waiting() const { return held_back_.size() + waiting_.size(); }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

 private:
  void wait_again(std::list<Publish>& publishes) noexcept;
  void move_first(std::list<Publish>& from, std::list<Publish>& to) noexcept;

  PublishLimits limits_;
  Duration resend_max_;
  std::list<Publish> waiting_;  // Those with an uncertain outcome before all others.
  std::size_t waiting_bytes_ = 0;
  std::list<Publish> in_flight_;
  std::list<Publish> held_back_;  // Older than what is in flight.
  // One that is not in the history stood before those in flight: none of them can enter it.
  bool is_refused_before_ = false;
};

}  // namespace regstream::broker
