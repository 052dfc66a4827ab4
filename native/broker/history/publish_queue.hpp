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

/// Publishes that wait for Redis, and those that wait for its acknowledgement, in order. Sans-I/O.
///
/// They are sent in batches, numbered as scripts/history wants it: a batch is what waits when
/// one may be sent. When Redis refuses one, those in flight behind it are refused as well: they are
/// held back, and wait again, in their places, once all in flight are answered.
///
/// A batch that may have reached Redis without an answer stays what it is, number and updates, so
/// that Redis knows it. Of any other the updates wait as if they had not been sent, and its numbers
/// are not used again: whatever still comes late by a connection that is no more, Redis does not
/// take it.
///
/// A publish has its memory from when it is taken in: nothing that the queue does with it can fail.
class PublishQueue {
 public:
  /// `resend_max`: how long after it was first sent a batch may be sent again, since Redis still
  /// knows it.
  PublishQueue(PublishLimits limits, Duration resend_max);

  struct Publish {
    std::string message;
    std::string key;  ///< The application's. Empty: it has none.
    PublishHandler done;
    Patience patience = Patience::waits;
    PublishResult result = EventId{};  ///< Once Redis has answered.
  };

  struct Batch {
    std::list<Publish> publishes;
    std::size_t bytes = 0;          ///< Of their messages.
    std::uint64_t first = 0;        ///< Number of the first one.
    bool is_first_in_line = false;  ///< None that was sent before is unanswered.
    bool is_taken = false;          ///< Redis has answered.
    bool is_uncertain = false;      ///< A connection broke before the answer.
    std::optional<Instant> first_sent;

    /// Number of the first one behind it.
    [[nodiscard]] std::uint64_t end() const { return first + publishes.size(); }
  };

  /// Takes a message in, or says why not; `done` is moved from only if it was taken in.
  [[nodiscard]] std::optional<PublishError> push(std::string message, std::string key,
                                                 PublishHandler& done,
                                                 Patience patience = Patience::waits);

  /// The next batch to send, which is in flight from now on. Null: nothing waits, the line is busy,
  /// or answers are due before what was held back can be sent again. The pointer holds until the
  /// next call.
  [[nodiscard]] const Batch* next_batch(Instant now) noexcept;

  /// How many results are due next: those of the oldest batch in flight that has none. 0: none is
  /// in flight.
  [[nodiscard]] std::size_t due() const;
  /// Redis has taken that batch: an id for each publish, or why this one is not in the history.
  /// `due` as many. It is in flight still, until `acknowledged`.
  void taken(std::vector<PublishResult> results) noexcept;
  /// The oldest batch that was taken is over: its publishes, with their results.
  [[nodiscard]] std::list<Publish> acknowledged() noexcept;
  /// The batch that is due is over, for Redis would refuse it again.
  [[nodiscard]] std::list<Publish> refused(const PublishError& error);
  /// Redis did not take the batch that is due, and would take it later: it is held back.
  void hold_back() noexcept;

  /// The connection broke: what was in flight waits again, before all others.
  void lost() noexcept;

  /// Those that do not wait for Redis, and are not in the history: they leave.
  [[nodiscard]] std::list<Publish> withdraw() noexcept;

  /// Those that were sent, but can't be sent again: nobody knows what came of them. They leave. To
  /// be called while none is in flight.
  [[nodiscard]] std::list<Publish> expired(Instant now) noexcept;

  // In updates.
  /// Those held back included.
  [[nodiscard]] std::size_t waiting() const { return waiting_count_; }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_count_; }
  [[nodiscard]] std::size_t batches_in_flight() const { return in_flight_.size(); }

 private:
  using Batches = std::list<Batch>;

  [[nodiscard]] Batches::iterator first_due();
  void fill(Batch& batch) noexcept;
  void count_as_waiting(const Batch& batch) noexcept;
  void wait_again() noexcept;
  std::list<Publish> leave(Batches& from, Batches::iterator batch) noexcept;

  PublishLimits limits_;
  Duration resend_max_;
  std::list<Publish> waiting_;  // None of them has a number.
  std::size_t waiting_count_ = 0;
  std::size_t waiting_bytes_ = 0;
  std::size_t in_flight_count_ = 0;
  std::uint64_t next_number_ = 1;
  // A batch is in one of these. What comes first in the history comes first.
  Batches in_flight_;
  Batches held_batches_;  // Uncertain ones, older than what is in flight.
  Batches again_;         // Uncertain ones that wait: before all of `waiting_`.
  Batches unused_;
  // Behind the held batches, and older than what is in flight.
  std::list<Publish> held_back_;
  // One that is not in the history, and whose number is not used again, stood before those in
  // flight: none of them can enter it.
  bool is_refused_before_ = false;
};

}  // namespace regstream::broker
