#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// Decides when a Redis that refuses calls may be called again. Sans-I/O.
///
///     state      refused                accepted       lost (the connection)
///     open       refusing, and pauses   open           open
///     refusing   pauses for longer      open           refusing, and may be tried at once
///
/// While Redis refuses, there is one call at a time, after a pause. Of several calls in flight,
/// only the first refusal counts: the answers to the others change nothing.
class RefusalGate {
 public:
  RefusalGate(BackoffOptions backoff, std::uint64_t seed) : backoff_(backoff, seed) {}

  [[nodiscard]] bool may_call(Instant now) const {
    return !is_refusing() || (under_way_ == 0 && now >= *paused_until_);
  }
  [[nodiscard]] bool is_refusing() const { return paused_until_.has_value(); }
  /// When `may_call` becomes true by itself. Empty: it is true, or an answer is due.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// A call was sent. One of the three answers below follows, unless the connection is lost.
  void on_called() { ++under_way_; }
  void on_refused(Instant now);
  /// Redis accepted the call. True: it had refused before this.
  bool on_accepted();
  /// The answer concerns this call alone.
  void on_other_answer() { settle_one(); }
  /// The connection broke: no answers are due any more.
  void on_lost();

 private:
  void settle_one();

  Backoff backoff_;
  std::optional<Instant> paused_until_;  // Empty: open.
  std::size_t under_way_ = 0;
  bool is_settling_ = false;  // Calls from before the refusal are still under way.
};

}  // namespace regstream::broker
