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

/// Logs for the operator that Redis is away, or refuses updates: one line for each kind of failure,
/// however often it is retried, and one line when it is over. Each appears at most once in ten
/// seconds. If Redis comes and goes faster, lines are held back, but the log never ends with a
/// failure that is over.
class OutageLog {
 public:
  explicit OutageLog(std::string address, const Workflow& workflow = registration_workflow())
      : address_(std::move(address)), workflow_(workflow.name) {}

  /// Connected to the server at `address`.
  void on_connected(std::string address) { address_ = std::move(address); }
  /// Logs a fact that a session reports.
  void on_fact(const SessionFact& fact, Instant now);

  void failed(const RedisFailure& failure, Instant now);
  /// Connected, for the first time or after a logged failure; otherwise nothing is logged.
  /// `waiting`: publishes that are sent now.
  void back(std::size_t waiting, Instant now);
  /// Connected, but a call was refused, for now or for good.
  void refusing(const RedisFailure& failure, Instant now);
  /// Redis accepts calls again.
  void accepting(std::size_t waiting, Instant now);
  /// A call took this long (`RoundTrips`); later, calls are quick again.
  void slow(Duration took, Instant now);
  void in_time(Instant now);
  /// Redis has answered: logs the ends that were held back.
  void say_ends();
  /// `count` publishes were sent, their outcome is unknown, and it is too late to send them again
  /// under their keys.
  void unknown(std::size_t count) const;
  /// The broker stopped before `count` publishes were acknowledged.
  void stopped(std::size_t count) const;
  /// A publish failed for good.
  void refused(const std::string& what) const;
  /// Redis works, but does not let this user wait for the history's next entry (XREAD).
  void not_awaited(const RedisFailure& failure);
  void awaited() { said_not_awaited_ = false; }
  /// Messages on the channel were dropped, `count` so far. The last one is of `registration_id` (0:
  /// not known).
  void forged(std::uint64_t count, std::int64_t registration_id) const;
  void overflowing(std::uint64_t count) const;

  /// Since when Redis has been away. Empty: it is there, or has not failed yet.
  [[nodiscard]] std::optional<Instant> away_since() const { return away_.since(); }

 private:
  /// How long a failure has lasted, or lasted.
  class Span {
   public:
    void begin(Instant now) { since_ = since_.value_or(now); }
    void end(Instant now);
    [[nodiscard]] std::optional<Instant> since() const { return since_; }
    /// " after 3.0 s". Empty: there was no failure.
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
  std::uint32_t said_ = 0;  // Bits: the kinds of failure already logged in this outage.
  std::set<std::string, std::less<>> refusals_said_;  // Codes already logged in this phase of
                                                      // refusals.
  bool is_away_ = true;
  bool is_refusing_ = false;
  bool said_not_awaited_ = false;
  // What the log says last. Initially: there is no connection yet.
  bool shows_away_ = true;
  bool shows_refusing_ = false;
  bool shows_slow_ = false;
  bool is_slow_ = false;
  Span away_;
  Span refusing_;
  Span slow_;
  std::size_t waited_for_connection_ = 0;
  std::size_t waited_for_writes_ = 0;
};

}  // namespace regstream::broker
