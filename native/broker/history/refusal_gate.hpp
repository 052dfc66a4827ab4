#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

namespace regstream::broker {

/// Whether a Redis that refuses calls may be called now. Sans-I/O.
///
///     state      refused                taken          lost (the connection)
///     open       refusing, and pauses   open           open
///     refusing   pauses for longer      open           refusing, and may be tried at once
///
/// While it refuses there is one call at a time, after a pause. Of calls that were under way
/// together the first refusal counts, and the others' answers change nothing.
class RefusalGate {
 public:
  RefusalGate(BackoffOptions backoff, std::uint64_t seed) : backoff_(backoff, seed) {}

  [[nodiscard]] bool may_call(Instant now) const {
    return !is_refusing() || (under_way_ == 0 && now >= *paused_until_);
  }
  [[nodiscard]] bool is_refusing() const { return paused_until_.has_value(); }
  /// When `may_call` becomes true by itself. Empty: it is, or an answer is due.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// A call was sent. Each gets one of the three answers below, unless the connection is lost.
  void on_called() { ++under_way_; }
  void on_refused(Instant now);
  /// Redis did what it was asked to. True: it had refused before this.
  bool on_taken();
  /// The answer tells of this call alone.
  void on_other_answer() { settle_one(); }
  /// The connection broke: no answer is due any more.
  void on_lost();

 private:
  void settle_one();

  Backoff backoff_;
  std::optional<Instant> paused_until_;  // Empty: open.
  std::size_t under_way_ = 0;
  bool is_settling_ = false;  // Calls that were sent before the refusal are under way still.
};

}  // namespace regstream::broker
