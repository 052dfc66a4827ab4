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

/// Publishes on their way to a Redis that may go away, or refuse them for a while. Joins the queue,
/// which keeps their order, with the gate, which says when to try again. Sans-I/O.
///
/// Inputs are methods, in the order of events. After each, send what `next` returns, and call the
/// handlers that `poll_ended` returns, until both return nothing.
class PublishLine {
 public:
  /// `resend_max`: see `PublishQueue`. `backoff` sets the pauses after refusals.
  PublishLine(PublishLimits limits, Duration resend_max, BackoffOptions backoff,
              std::uint64_t seed);

  /// A publish that has ended. Call `done`, which may be empty, with `result`.
  struct Ended {
    PublishHandler done;
    PublishResult result;
    bool is_unknown = false;  ///< It may be in the history; the outcome is unknown.
  };

  /// Accepts a message, or returns why not. `done` is moved from only if the message is accepted.
  [[nodiscard]] std::optional<PublishError> push(std::string message, std::string key,
                                                 PublishHandler& done, Patience patience);

  /// The connection for publishes is up, or down.
  void on_up() { is_up_ = true; }
  void on_down(Instant now) noexcept;

  /// The next batch to send, now; see `PublishQueue::next_batch`.
  [[nodiscard]] const PublishQueue::Batch* next(Instant now) noexcept;
  /// Whether a probe may be sent now: a call that changes nothing and finds out whether publishes
  /// would be accepted.
  [[nodiscard]] bool may_probe(Instant now) const;
  void on_probed() { gate_.on_called(); }

  // Answers to the oldest batch without an answer. If handling one runs out of memory, that batch
  // stays without an answer.

  /// Redis accepted the batch, with `PublishQueue::due` results. It stays in flight until
  /// `on_acknowledged`, since replicas may have to confirm it first. True: Redis had refused writes
  /// before this.
  bool on_accepted(std::vector<PublishResult> results) noexcept;
  /// Redis refused the batch, and would refuse it again.
  void on_refused(const PublishError& error);
  /// Redis refused the batch for now.
  void on_refused_in_passing(Instant now);
  /// An earlier batch is not in the history.
  void on_out_of_order();

  /// The oldest accepted batch is in the history for good: its publishes end.
  void on_acknowledged() noexcept;

  // Answers to a probe. True: Redis had refused writes before this.
  bool on_probe_accepted() { return gate_.on_accepted(); }
  void on_probe_refused(Instant now);

  /// Redis refused a write of someone else, for now.
  void on_write_refused(Instant now);

  [[nodiscard]] std::optional<Ended> poll_ended();

  /// When to call `next` or `may_probe` again, if nothing else happens.
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
