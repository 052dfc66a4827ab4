#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <variant>

#include <regstream/broker/redis_options.hpp>
#include <regstream/connection/backoff.hpp>
#include <regstream/time.hpp>

#include "broker/history/history_command.hpp"

namespace regstream::broker {

/// The life of one connection to Redis, and the answers due on it. Sans-I/O.
///
///     state        open        connect, when due   connected   lost
///     idle         waiting
///     waiting                  connecting
///     connecting                                   up          waiting
///     up                                                       waiting
///
/// The wait grows with each attempt, until a connection has been stable. Inputs without an entry
/// are ignored.
class Link {
 public:
  Link(const RedisTiming& timing, std::uint64_t seed)
      : stable_after_(timing.stable_after), backoff_(timing.backoff, seed) {}

  /// Wants a connection from now on.
  void open();
  /// True, once for each connection: make it now.
  [[nodiscard]] bool poll_connect(Instant now);
  /// False: no connection was being made.
  bool on_connected(Instant now);
  /// False: there was no connection to lose. Otherwise no answers are due any more.
  bool on_lost(Instant now);
  /// Ends the wait before the next connection, if there is one.
  void hasten();
  /// The same after the server moved: once, and again after a connection that was stable. Two
  /// servers may each name the other one.
  void hasten_to_moved();

  /// There is a connection, or one is being made.
  [[nodiscard]] bool is_begun() const {
    return is_up() || std::holds_alternative<Connecting>(state_);
  }
  [[nodiscard]] bool is_up() const { return up_since().has_value(); }
  /// When the connection was made. Empty: there is none.
  [[nodiscard]] std::optional<Instant> up_since() const;
  /// When to call `poll_connect` again.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  /// Notes that a command is sent. Replies arrive in the order of commands. True: the time until
  /// its last reply measures how quick Redis is. False if the command carries much data, or waits
  /// behind one that does.
  bool ask(const HistoryCommand& command);
  struct Due {
    Question question;
    std::size_t replies_left;
    bool is_timed;  ///< The result of `ask`.
  };
  /// What the next reply answers. Null: no reply is due.
  [[nodiscard]] const Due* due() const { return due_.empty() ? nullptr : &due_.front(); }
  /// Notes a reply, and returns what it answers. Empty: none was due.
  std::optional<Question> on_reply();

 private:
  struct Idle {};
  struct Waiting {
    Instant until;
  };
  struct Connecting {};
  struct Up {
    Instant since;
  };
  Duration stable_after_;
  Backoff backoff_;
  bool may_follow_move_ = true;
  std::variant<Idle, Waiting, Connecting, Up> state_;
  std::deque<Due> due_;
};

}  // namespace regstream::broker
