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

/// What happens to a publish while Redis accepts none.
enum class Patience : std::uint8_t {
  waits,    ///< It waits for Redis.
  refuses,  ///< It fails at once, unless it may already be in the history.
};

/// Publishes that wait to be sent, and those that wait for Redis's acknowledgement, in order.
/// Sans-I/O.
///
/// They are sent in batches, numbered as scripts/history expects: a batch is everything that waits
/// when one may be sent. When Redis refuses a batch, it also refuses those in flight behind it. All
/// of them are held back, and wait again in their places once nothing is in flight.
///
/// A batch that may have reached Redis without an answer keeps its number and its updates, so that
/// Redis recognizes it. Otherwise its updates wait as if they had never been sent, and its numbers
/// are not used again: if the batch still arrives late, over an old connection, Redis refuses it.
///
/// A publish reserves its memory when it is accepted: nothing that the queue does with it later can
/// fail.
class PublishQueue {
 public:
  /// `resend_max`: how long after its first sending a batch may be sent again, since Redis still
  /// recognizes it.
  PublishQueue(PublishLimits limits, Duration resend_max);

  struct Publish {
    std::string message;
    std::string key;  ///< The application's key. Empty: none.
    PublishHandler done;
    Patience patience = Patience::waits;
    PublishResult result = EventId{};  ///< Valid once Redis has answered.
  };

  struct Batch {
    std::list<Publish> publishes;
    std::size_t bytes = 0;          ///< Bytes of their messages.
    std::uint64_t first = 0;        ///< Number of its first update.
    bool is_first_in_line = false;  ///< No earlier batch is unanswered.
    bool is_accepted = false;       ///< Redis has accepted it.
    bool is_uncertain = false;      ///< A connection broke before the answer.
    std::optional<Instant> first_sent;

    /// The number after its last update.
    [[nodiscard]] std::uint64_t end() const { return first + publishes.size(); }
  };

  /// Accepts a message, or returns why not. `done` is moved from only if the message is accepted.
  [[nodiscard]] std::optional<PublishError> push(std::string message, std::string key,
                                                 PublishHandler& done,
                                                 Patience patience = Patience::waits);

  /// The next batch to send; it is in flight from now on. Null: nothing waits, the maximum is in
  /// flight, or held-back updates wait for answers. Valid until the next call.
  [[nodiscard]] const Batch* next_batch(Instant now) noexcept;

  /// How many results are due next: those of the oldest batch in flight without an answer. 0: no
  /// batch is without an answer.
  [[nodiscard]] std::size_t due() const;
  /// Redis accepted that batch. `results` has `due` elements: the id of each publish, or why that
  /// one is not in the history. The batch stays in flight until `acknowledged`.
  void accepted(std::vector<PublishResult> results) noexcept;
  /// The oldest accepted batch ends. Returns its publishes, with their results.
  [[nodiscard]] std::list<Publish> acknowledged() noexcept;
  /// The batch that is due ends with `error`, since Redis would refuse it again. Returns its
  /// publishes.
  [[nodiscard]] std::list<Publish> refused(const PublishError& error);
  /// Redis refused the batch that is due for now: it is held back.
  void hold_back() noexcept;

  /// The connection broke: everything in flight waits again, before all others.
  void lost() noexcept;

  /// Removes and returns the publishes that don't wait for Redis and are not in the history.
  [[nodiscard]] std::list<Publish> withdraw() noexcept;

  /// Removes and returns the publishes that were sent and can't be sent again: their outcome is
  /// unknown. Call it while nothing is in flight.
  [[nodiscard]] std::list<Publish> expired(Instant now) noexcept;

  // Counts of updates.
  /// Includes those held back.
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
  // Each batch is in one of these. Earlier batches enter the history first.
  Batches in_flight_;
  Batches held_batches_;  // Uncertain batches, older than those in flight.
  Batches again_;         // Uncertain batches that wait, before all of `waiting_`.
  Batches unused_;
  // After the held batches, before those in flight.
  std::list<Publish> held_back_;
  // A batch before those in flight was refused, and its number is not used again: none of those in
  // flight can enter the history.
  bool is_refused_before_ = false;
};

}  // namespace regstream::broker
