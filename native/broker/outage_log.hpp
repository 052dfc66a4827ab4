#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <regstream/time.hpp>
#include <regstream/workflow/registration.hpp>

#include "broker/history/session_action.hpp"
#include "log/line_limit.hpp"

namespace regstream::broker {

/// What the operator reads of Redis being away, or taking no updates: one line a kind of trouble,
/// however often it is tried, and one when it is over; each at most once in ten seconds. A Redis
/// that comes and goes faster holds lines back, but never leaves the log with a trouble that has
/// ended.
class OutageLog {
 public:
  explicit OutageLog(std::string address, const Workflow& workflow = registration_workflow())
      : address_(std::move(address)), workflow_(workflow.name) {}

  /// There is a connection, to the server at `address`, from now on.
  void on_connected(std::string address) { address_ = std::move(address); }
  /// What a session has found.
  void on_fact(const SessionFact& fact, Instant now);

  void failed(const RedisFailure& failure, Instant now);
  /// Connected, for the first time or after a failure that was said; otherwise nothing is said.
  /// `waiting`: publishes that are sent now.
  void back(std::size_t waiting, Instant now);
  /// Connected, but a call was refused; `passing` or not.
  void refusing(const RedisFailure& failure, Instant now);
  /// It does what it is asked to again.
  void taking(std::size_t waiting, Instant now);
  /// A call took so long (`RoundTrips`), and then calls are answered in time again.
  void slow(Duration took, Instant now);
  void in_time(Instant now);
  /// Redis has answered. Writes the line of an end that was held back.
  void say_ends();
  /// `count` publishes were sent, and it is too late to send them again under their keys.
  void unknown(std::size_t count) const;
  /// The broker has stopped before `count` publishes were acknowledged.
  void stopped(std::size_t count) const;
  /// A publish failed for good.
  void refused(const std::string& what) const;
  /// Redis serves us, but does not let us wait for the history's next entry (XREAD).
  void not_awaited(const RedisFailure& failure);
  void awaited() { said_not_awaited_ = false; }
  /// Messages that somebody published on the channel, and that are not taken in, `count` so far;
  /// the last one is of `registration_id` (0: not known).
  void forged(std::uint64_t count, std::int64_t registration_id) const;
  void overflowing(std::uint64_t count) const;

  /// Since when it has been away; empty while it is there, and before the first failure.
  [[nodiscard]] std::optional<Instant> away_since() const { return away_.since(); }

 private:
  /// How long a trouble lasts, and then lasted.
  class Span {
   public:
    void begin(Instant now) { since_ = since_.value_or(now); }
    void end(Instant now);
    [[nodiscard]] std::optional<Instant> since() const { return since_; }
    /// " after 3.0 s"; empty if there was no trouble.
    [[nodiscard]] std::string text() const;

   private:
    std::optional<Instant> since_;
    std::optional<Duration> lasted_;
  };

  [[nodiscard]] logging::Condition about(logging::Condition condition) const {
    return condition.about(workflow_);
  }

  std::string address_;
  std::string workflow_;    // Its name.
  std::uint32_t said_ = 0;  // Bits: the kinds of failure that this outage's lines have named.
  std::set<std::string, std::less<>> refusals_said_;  // Codes, of this phase of refusals.
  bool is_away_ = true;
  bool is_refusing_ = false;
  bool said_not_awaited_ = false;
  // What whoever reads the log takes to be so: at first, that there is no connection yet.
  bool shows_away_ = true;
  bool shows_refusing_ = false;
  bool shows_slow_ = false;
  bool is_slow_ = false;
  Span away_;
  Span refusing_;
  Span slow_;
  std::size_t waited_for_connection_ = 0;
  std::size_t waited_for_taking_ = 0;
};

}  // namespace regstream::broker
