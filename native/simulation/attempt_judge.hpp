#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include <regstream/connection/connection.hpp>
#include <regstream/time.hpp>

namespace regstream::simulation {

/// How often one client may try, and how long it may wait. All times are its own clock's. Throws
/// `Violation`.
class AttemptJudge {
 public:
  explicit AttemptJudge(std::string name) : name_(std::move(name)) {}

  /// Another session begins.
  void begin();
  void on_signal(Instant now) { last_signal_ = now; }
  void on_offline() { was_offline_ = true; }
  /// Nothing goes wrong from now on: no stream may be lost. Or it does again.
  void be_calm(bool is_calm) { is_calm_ = is_calm; }
  /// It follows other ids.
  void on_ids_changed(Instant now);
  /// It asks for a token that is not the last one: the attempt that this is for may follow at once.
  void on_token_replaced() { last_poll_.reset(); }
  void on_attempt(ConnectionReason reason, TransportKind kind, Instant now);
  /// `wait`: the time of the next deadline.
  void on_state(const StateChanged& change, Duration wait);

  /// How often its ids have changed since the last attempt.
  [[nodiscard]] std::size_t changes() const { return changes_; }

 private:
  [[noreturn]] void fail(const std::string& what) const;

  const std::string name_;
  std::deque<Instant> attempts_;  // Of the last minute, but for those that replace another one.
  std::optional<Instant> last_signal_;
  bool was_offline_ = false;
  bool was_connected_ = false;
  bool is_calm_ = false;
  std::optional<Instant> last_poll_;  // Nothing: the last attempt was none.
  // Since the last attempt.
  std::optional<Instant> first_change_;
  std::size_t changes_ = 0;
};

}  // namespace regstream::simulation
