#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <regstream/connection/connection.hpp>
#include <regstream/time.hpp>

namespace regstream::simulation {

/// Checks how often one client tries to connect, and how long it waits. All times are those of the
/// client's clock. Throws `Violation`.
class AttemptJudge {
 public:
  explicit AttemptJudge(std::string name) : name_(std::move(name)) {}

  /// The client starts another session.
  void begin();
  void on_signal(Instant now) { last_signal_ = now; }
  void on_offline() { was_offline_ = true; }
  /// True: nothing goes wrong from now on, so no stream may be lost. False: that is over.
  void set_calm(bool is_calm) { is_calm_ = is_calm; }
  /// The client follows other ids.
  void on_ids_changed(Instant now);
  /// The client got a new token, so the next attempt may follow at once.
  void on_token_replaced() { last_poll_.reset(); }
  void on_attempt(ConnectionReason reason, TransportKind kind, Instant now);
  /// `wait`: the time until the next deadline.
  void on_state(const StateChanged& change, Duration wait);

  /// How often the client's ids have changed since the last attempt.
  [[nodiscard]] std::size_t changes() const { return changes_; }

 private:
  [[noreturn]] void fail(const std::string& what) const;

  const std::string name_;
  std::deque<Instant> attempts_;  // Those of the last minute that don't replace another one.
  std::optional<Instant> last_signal_;
  bool was_offline_ = false;
  bool was_connected_ = false;
  bool is_calm_ = false;
  std::optional<Instant> last_poll_;  // Nothing if the last attempt was not a poll.
  // Since the last attempt.
  std::optional<Instant> first_change_;
  std::size_t changes_ = 0;
};

}  // namespace regstream::simulation
