#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <regstream/broker/broker.hpp>
#include <regstream/broker/publish_limits.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

#include "broker/history/publish_queue.hpp"
#include "broker/history/refusal_gate.hpp"

namespace regstream::broker {

/// Publishes on their way to a Redis that may go away, and may refuse them for a while. Sans-I/O.
/// Joins the queue, which keeps their order, with the gate, which says when to try again.
///
/// Inputs are methods, in the order of what happens. After each, send what `next` gives, and call
/// the handlers that `poll_ended` gives, each until there is nothing.
class PublishLine {
 public:
  /// `resend_max`: as for `PublishQueue`. `backoff` paces what is tried again after a refusal.
  PublishLine(PublishLimits limits, Duration resend_max, BackoffOptions backoff,
              std::uint64_t seed);

  /// A publish that is over. `result` is for `done`, which may be empty.
  struct Ended {
    PublishHandler done;
    PublishResult result;
    bool is_unknown = false;  ///< It may be in the history; nobody knows.
  };

  /// Takes a message in, or says why not; `done` is moved from only if it was taken in.
  [[nodiscard]] std::optional<PublishError> push(std::string message, std::string key,
                                                 PublishHandler& done, Patience patience);

  /// The connection by which publishes are sent is there, and then no longer.
  void on_up() { is_up_ = true; }
  void on_down(Instant now) noexcept;

  /// The next batch to send, now; see `PublishQueue::next_batch`.
  [[nodiscard]] const PublishQueue::Batch* next(Instant now) noexcept;
  /// A call that changes nothing, and finds out whether publishes would be taken, may be sent now.
  [[nodiscard]] bool may_probe(Instant now) const;
  void on_probed() { gate_.on_called(); }

  // The answer to the batch that is due, the oldest one without an answer. If there is no memory
  // for it, that batch is due still.

  /// `PublishQueue::due` results. The batch is in flight until `on_acknowledged`: what Redis has
  /// taken may have to reach replicas first. True: Redis had taken none before this.
  bool on_taken(std::vector<PublishResult> results) noexcept;
  /// It would be refused again.
  void on_refused(const PublishError& error);
  /// It would be taken later.
  void on_refused_in_passing(Instant now);
  /// A batch before it is not in the history.
  void on_out_of_order();

  /// The oldest batch that was taken is in the history for good: its publishes end.
  void on_acknowledged() noexcept;

  // The answer to a probe; true as above.
  bool on_probe_taken() { return gate_.on_taken(); }
  void on_probe_refused(Instant now);

  /// Redis refused another write, which is not sent here, in passing.
  void on_write_refused(Instant now);

  [[nodiscard]] std::optional<Ended> poll_ended();

  /// When `next` or `may_probe` is to be asked again, if nothing else happens.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  [[nodiscard]] bool is_up() const { return is_up_; }
  [[nodiscard]] bool is_refusing() const { return gate_.is_refusing(); }
  [[nodiscard]] const PublishQueue& queue() const { return queue_; }

 private:
  void withdraw() noexcept;
  void expire(Instant now) noexcept;

  PublishQueue queue_;
  RefusalGate gate_;
  bool is_up_ = false;
  // For `poll_ended`, in this order.
  std::list<PublishQueue::Publish> ended_;
  std::list<PublishQueue::Publish> withdrawn_;
  std::list<PublishQueue::Publish> unknown_;
};

}  // namespace regstream::broker
